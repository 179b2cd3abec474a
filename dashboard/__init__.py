"""The dashboard: filters, one call of ``ops``, charts. It acts on nothing; ``ops`` is the only room it asks."""
