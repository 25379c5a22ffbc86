"""What every part stands on: database, clock, events, outbox, storage, sealing, text."""
