"""Local Plan review: every site against every layer, and what is not known said in every cell."""
