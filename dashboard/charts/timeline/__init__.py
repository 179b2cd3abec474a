"""The overview's charts on one time axis, and what happened meanwhile above them."""
