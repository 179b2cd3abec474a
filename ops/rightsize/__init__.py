"""Right-sizing: real jobs run at several memory and batch sizes, priced with INIT, and the setting that follows."""
