"""A chart as HTML and SVG, which the browser shows at once.

Streamlit's web page draws a chart only after it has loaded and compiled Plotly, which takes two to three times as long as an
empty page. Until then a reader sees this: the same lines, bars and limits between the same axes, of the same size. It has no
tooltips, and ticks of its own choice.
"""

from dashboard.markup.chart_preview.preview import chart_preview as chart_preview
