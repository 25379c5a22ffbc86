"""Merging, splitting, renaming and ending areas and units from a day on, as one reviewed plan."""
