-- Until when Instagram lets our app see anything of an account, whatever its token.
alter table accounts add column data_access_ends_at timestamptz;
