"""Chart builders without Streamlit: a frame or a report in, a Plotly figure out."""
