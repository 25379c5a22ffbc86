"""Integration tests run on both engines; whoever needs only one says so with `only_engine` and the reason."""
