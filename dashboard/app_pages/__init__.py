"""The pages' scripts, one file or folder a page: Streamlit runs them."""
