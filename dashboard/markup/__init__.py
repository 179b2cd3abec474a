"""HTML of the pages. Its templates escape every value; sparklines are images of numbers."""
