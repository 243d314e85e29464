"""PostgreSQL: the server we bring along, the schema, the pool and one module of SQL per concern."""
