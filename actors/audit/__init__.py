"""What is told afterwards: the log line of each tap, and the record of interactions."""
