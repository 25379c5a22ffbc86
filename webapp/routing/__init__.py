"""Who is responsible for this place, this category, this day, and until when."""
