-- What was done to this schema, read and written by infra/postgres/migrate.py under its lock; it runs before all else.
create table if not exists schema_migrations (
  id text primary key, checksum text not null, applied_at timestamptz not null default now());
-- The newest edition of the functions stands; an older release never puts its own back.
create table if not exists schema_editions (
  edition integer primary key, checksum text not null, created_at timestamptz not null default now());
