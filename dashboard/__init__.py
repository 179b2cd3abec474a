"""The dashboard: filters, calls of ``ops``, charts. All reading and acting is done by ``ops``."""
