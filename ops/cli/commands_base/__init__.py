"""What commands are made with: groups that load their commands when they run, and options in groups."""
