"""The base of all commands: groups that load commands when they run, and groups of options."""
