"""One queue item: decide, its words and memory, and the shell that performs its effects."""
