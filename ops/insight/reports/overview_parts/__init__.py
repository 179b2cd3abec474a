"""What the overview is made of: its cards, what each page would say, the pipeline, and the charts over time."""
