"""Runbooks that run: documents, actions, the engine that carries them out, and its record."""
