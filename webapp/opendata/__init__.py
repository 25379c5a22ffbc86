"""Open data: what is public of every case, as files to keep and for programs to ask, from one schema."""
