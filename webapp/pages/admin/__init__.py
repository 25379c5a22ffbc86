"""Running the instance."""
