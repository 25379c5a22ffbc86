"""Pages for the one who reports: the form, and following by code."""
