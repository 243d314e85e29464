"""Cards: what each message shall show, how often it may be edited, and what the row is told of it."""
