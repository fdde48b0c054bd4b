"""Places: geographies and their vintages, tables keyed by them, and the arithmetic between them."""
