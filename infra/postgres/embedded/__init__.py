"""A PostgreSQL of our own under DATA_DIR: laid out, started, shared, and stopped by the last."""
