"""Organisations: who can be responsible, who supervises, and since when."""
