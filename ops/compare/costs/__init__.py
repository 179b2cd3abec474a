"""What each form costs a month by requests a day."""
