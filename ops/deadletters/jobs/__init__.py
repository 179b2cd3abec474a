"""Work in a background process that outlives the page or terminal that started it."""
