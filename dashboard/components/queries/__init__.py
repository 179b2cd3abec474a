"""What pages ask their services for, cached so that a click or a refresh loads only what it changes."""
