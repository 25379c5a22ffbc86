"""Staff, what they may do and where."""
