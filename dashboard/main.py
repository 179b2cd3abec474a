"""The script of every page: Streamlit runs it at each visit and each press."""

from dashboard import app

app.run()
