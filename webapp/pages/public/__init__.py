"""Pages for everybody: home, map, cases, outcomes."""
