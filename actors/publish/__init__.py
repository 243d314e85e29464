"""One publishing saga: decide, its steps and texts, and the shell that calls Instagram."""
