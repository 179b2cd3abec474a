"""Who may call the emulator, as whom, and for which action."""
