"""What pages ask of `ops`, and the caches between them."""
