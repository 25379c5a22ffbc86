"""Around signing in."""
