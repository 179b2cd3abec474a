"""The pieces that pages are made of. Those that write HTML escape every value that they are given."""
