"""Parts of the Overview: its cards, what each page would say, the pipeline, and the charts over time."""
