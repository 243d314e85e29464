-- What a publish waits for and until when, how often it was tried, and what Instagram said.
alter table publishes add column wait_until timestamptz;
alter table publishes add column containers integer not null default 0;
alter table publishes add column losses integer not null default 0;
alter table publishes add column refusal text;
alter table publish_events add column answers jsonb not null default '[]';
