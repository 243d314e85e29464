-- How a published story was seen: when Instagram is asked next, who asks now, and what it last told.
alter table publishes add column insights_due_at timestamptz, add column insights_held_by text,
  add column insights_hold_until timestamptz, add column insights jsonb;
create index publishes_insights_due on publishes (insights_due_at) where insights_due_at is not null;
