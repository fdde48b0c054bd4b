"""Readers for published data sets: each ends at a table with its papers."""
