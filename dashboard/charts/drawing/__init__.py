"""Parts of all charts: figures as plain data, axes, lines over time, and an earlier range behind them."""
