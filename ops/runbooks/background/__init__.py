"""A run in a process of its own: it outlives the page that started it, and ends whenever a person is needed."""
