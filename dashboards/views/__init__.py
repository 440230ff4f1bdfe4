"""One file a page; Streamlit runs it when its address is opened."""
