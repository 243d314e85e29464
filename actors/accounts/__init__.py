"""Instagram accounts: whether they would publish, how long their tokens last, and what the set-up lacks."""
