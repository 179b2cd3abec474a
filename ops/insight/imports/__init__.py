"""A handler's imports in INIT, from a log of ``python -X importtime``, and the objects its modules create."""
