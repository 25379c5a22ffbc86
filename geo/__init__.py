"""Pure geometry: boundary files, map cells, positions. Knows neither Flask nor the database."""
