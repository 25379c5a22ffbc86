"""Telling people that something happened, without telling anybody else what."""
