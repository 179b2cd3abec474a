"""The forms that are compared: how each is started, called, watched and killed."""
