"""The HTTP service: packs read-only, in their public edition, as JSON, HTML and OGC API - Features."""
