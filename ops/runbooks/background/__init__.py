"""A run in a separate process: it outlives the page that started it, and ends whenever a person is needed."""
