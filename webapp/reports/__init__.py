"""Reports of residents and what becomes of them."""
