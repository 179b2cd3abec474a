"""The pages' scripts, one file or folder per page, run by Streamlit."""
