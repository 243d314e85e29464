"""Slots that come by the clock, and what a crash left behind."""
