"""Holding those who act to their dates: clocks of each step, extensions, reminders that climb."""
