"""How answers leave the command line: on a terminal, which may not be changed by what they quote, or for programs."""
