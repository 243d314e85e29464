"""What can be decided on paper: no I/O, no clock, no task. Read item, messages, effects, review."""
