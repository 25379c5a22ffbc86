"""Provinces and communes: where they lie, what they are called, and when that was so."""
