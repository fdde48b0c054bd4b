"""A council's own files: one documented schema each, and one reader for all of them."""
