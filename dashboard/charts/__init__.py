"""Pure chart builders: a frame or a report in, a Plotly figure out. Each figure's title is the question it answers."""
