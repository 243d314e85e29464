"""What the actors share without importing each other: how they see one another, and the trace of a tap."""
