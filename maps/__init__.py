"""What people look at: maps that open with the network cut, static maps, charts, and their styles."""
