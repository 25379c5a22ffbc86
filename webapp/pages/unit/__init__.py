"""The responsible unit."""
