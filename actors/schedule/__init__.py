"""What comes by the clock, and what a crash left behind."""
