"""Text put into HTML, escaped: the blocks that pages and the frame around them share."""
