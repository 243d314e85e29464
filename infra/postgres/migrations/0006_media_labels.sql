-- Whom a story mentions, by their names at Instagram, and whether it carries the label of what an AI made.
alter table media add column mentions text[] not null default '{}', add column made_by_ai boolean not null default false;
