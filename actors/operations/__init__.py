"""What is asked of the database: one file a subject, by the same name as in infra/postgres and tests/fakes. Pure."""
