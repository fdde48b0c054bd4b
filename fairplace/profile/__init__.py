"""The neighbourhood profile: what it says (`content`), and one renderer a form."""
