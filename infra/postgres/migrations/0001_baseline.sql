-- A database that stands at 0019_doubt_is_never_kept, or at any commit since, becomes one of the baseline.
--
-- A new database is made from ../schema/tables.sql and has this behind it. Each statement finds what is there already,
-- so that one file serves every state between; functions are created afterwards, as they stand.

-- Older workers go on beside it. Taken at once and in the order in which they take them, so that none is waited for in
-- a circle; they give up after 300 ms or 2 s, and try again.
lock table taps, items, cards, accounts, members, commands in access exclusive mode;

create table if not exists card_failures (
  chat_key bigint not null, item_id bigint not null, fate text not null check (fate in ('not_sent', 'refused', 'lost')),
  reason text not null, times integer not null default 1 check (times > 0),
  first_at timestamptz not null default now(), last_at timestamptz not null default now(),
  primary key (chat_key, item_id, fate, reason), foreign key (chat_key, item_id) references items);
alter table commands drop constraint commands_verdict_check, add constraint commands_verdict_check check (verdict in
  ('done', 'as_it_was', 'forbidden', 'overtaken', 'nothing_waiting', 'being_sent', 'nothing_to_requeue', 'unknown_item',
  'cannot_requeue', 'locked', 'queued_already', 'too_old'));
alter table items add column if not exists mark text not null default new_mark() check (mark ~ '^[A-Za-z0-9_-]{6}$'),
  drop column if exists preflight_account, add column if not exists preflight_connection text,
  add column if not exists note_once_connected text, add column if not exists note_version integer,
  add column if not exists note_connection text;
create or replace trigger members_get_a_role after insert on members
  for each row when (new.role is not null) execute function hint_at_change();
create or replace trigger members_change_their_role after update of role on members
  for each row when (old.role is distinct from new.role) execute function hint_at_change();
create or replace trigger accounts_change_their_token after update of sealed_token, token_gone on accounts
  for each row when (old.sealed_token <> new.sealed_token or old.token_gone <> new.token_gone)
  execute function hint_at_change();
create table if not exists item_changes (
  chat_key bigint not null, number bigint generated always as identity, item_id bigint not null,
  change text not null check (change in ('queued', 'withdrawn', 'requeued', 'expired', 'moved')), cause text not null,
  state text not null, version integer not null, told_by text, told_key text, told_until timestamptz,
  primary key (chat_key, number), foreign key (chat_key, item_id) references items);
-- One commit had it for the forbidden ones alone.
drop index if exists taps_refused;
create index taps_refused on taps (chat_key, user_id, at) where outcome in ('forbidden', 'gone', 'refused');
-- What was settled lately may show what forged data had drawn: it is drawn once more. Later releases compare marks.
do $$ begin
  alter table cards add column once_more boolean not null default false;
  update cards k set once_more = true from items i
  where i.chat_key = k.chat_key and i.item_id = k.item_id and not k.gone and not k.retired
    and i.state in ('posted', 'skipped', 'rejected', 'expired', 'withdrawn')
    and i.settled_at > now() - interval '30 days';
exception when duplicate_column then null; end $$;
create index if not exists cards_once_more on cards (chat_key, message_id) where once_more and not gone;
-- A worker of a release with the earlier bookkeeping, started beside this one, finds nothing to apply. Dropped in 0.3.
insert into _pogo_migration (migration_hash, migration_id, schema_name, applied)
select encode(sha256(id::bytea), 'hex'), id, current_schema(), now() from unnest(string_to_array(
  '0020_sends_that_take_long 0021_when_a_card_came 0022_old_commands 0023_whose_button 0024_lost_cards 0024_set_up '
  '0025_rights_first 0025_set_up 0026_connected_since 0027_changes_that_are_told 0028_refusals_by_the_chats_clock '
  '0029_rights_first 0030_drawn_once_more 0031_refusals_claim_nothing', ' ')) as id on conflict do nothing;
