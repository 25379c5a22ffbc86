"""Outcomes of inspections, published for the people to know and supervise."""
