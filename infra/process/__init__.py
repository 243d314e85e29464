"""What surrounds a process: the signals that end it, and the streams that it writes to."""
