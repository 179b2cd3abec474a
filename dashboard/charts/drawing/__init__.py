"""What every chart is drawn with: figures as plain data, axes, lines over time, and an earlier range behind them."""
