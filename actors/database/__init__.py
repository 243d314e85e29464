"""The database actor: who is served next, what becomes of a failure, and when a database that is away is tried."""
