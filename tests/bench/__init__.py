"""Measurements: `make bench`, or one suite by `python -m tests.bench.<suite>`."""
