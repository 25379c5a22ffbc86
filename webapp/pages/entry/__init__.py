"""Entering reports for others: told by phone, on paper, at a pagoda. For the Front and its member organisations."""
