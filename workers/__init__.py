"""What happens later. The web writes a job's name; here the name meets its function."""
