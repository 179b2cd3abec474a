"""The Runbooks page: the list, one runbook as a document, and a run of it."""
