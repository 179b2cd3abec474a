"""The parts that pages share. Those that write HTML escape every value."""
