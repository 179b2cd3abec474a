"""CPU by memory size: an environment gets the share of a core that its memory brings on AWS."""
