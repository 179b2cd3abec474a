"""What a handler imports in INIT, by a log of ``python -X importtime``, and what its modules make there."""
