-- The state machine of an item (`next_state`), its mark, and what triggers call.
--
-- The database decides what a tap, a send or a publish does to an item; `decide` in the core decides what to show until
-- that is known. Every function here asks `next_state` before it moves an item, and the checks of items and item_events
-- refuse a row that it does not reach. It equals TRANSITIONS of the core and the diagram of docs/architecture.md: a
-- contract compares the three. Tables need these functions, so this file runs before tables.sql and before each
-- migration: it names no table outside of a plpgsql body. Callers: the checks, defaults and triggers of tables.sql, and every other file.

-- Null: no such step in that state. `in_review claim`: no message shows its card, and a person asks for it (/next).
create or replace function next_state(from_state text, step text) returns text
language sql immutable parallel safe as $$
  select case from_state || ' ' || step
    when 'waiting claim' then 'presenting' when 'waiting withdraw' then 'withdrawn'
    when 'presenting claim' then 'presenting' when 'presenting sent' then 'in_review'
    when 'presenting send_failed' then 'waiting' when 'presenting withdraw' then 'withdrawn'
    when 'presenting auto_post' then 'publishing' when 'presenting posted' then 'posted'
    when 'presenting skip' then 'skipped' when 'presenting reject' then 'rejected'
    when 'in_review claim' then 'presenting' when 'in_review auto_post' then 'publishing'
    when 'in_review posted' then 'posted' when 'in_review skip' then 'skipped'
    when 'in_review reject' then 'rejected' when 'in_review expire' then 'expired'
    when 'in_review withdraw' then 'withdrawn'
    when 'publishing rehearsed' then 'in_review' when 'publishing published' then 'posted'
    when 'publishing publish_refused' then 'in_review' when 'publishing answer_lost' then 'in_doubt'
    when 'publishing posted' then 'posted' when 'publishing skip' then 'skipped'
    when 'publishing reject' then 'rejected'
    when 'in_doubt published' then 'posted' when 'in_doubt it_is_live' then 'posted'
    when 'in_doubt it_is_not' then 'publishing'
    when 'skipped requeue' then 'waiting' when 'expired requeue' then 'waiting'
  end $$;

-- 36 bits of chance: what was born under the same number elsewhere, or before, has another mark.
create or replace function new_mark() returns text language sql volatile as $$
  select translate(substr(encode(uuid_send(gen_random_uuid()), 'base64'), 1, 6), '+/', '-_') $$;

-- A role is set by the operator alone, a token ends or is renewed rarely: no tap pays for this hint.
create or replace function hint_at_change() returns trigger language plpgsql as $$
begin
  perform pg_notify('everytap', '');
  return null;
end $$;

-- Where an account is connected, cards show its name and no other.
create or replace function name_of_account() returns trigger language plpgsql as $$
begin
  new.account := (select username from accounts where chat_key = new.chat_key and account_id = new.account_id);
  return new;
end $$;
