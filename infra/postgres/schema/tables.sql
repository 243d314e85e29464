-- The tables as they stand, with the rule that each check, key and index guards.
--
-- Every key starts with our own chat key, so that a group's move changes one row and the rows can be spread by chat.
-- Times are the database's clock only. `version` counts decisions and is in the buttons; `revision` counts what cards
-- must show. This file runs on an empty schema. A database that has tables is changed by ../migrations: a change is
-- written there and its result here, and tests/infra/postgres/test_schema.py compares the two. Rows are locked in this
-- order: items, taps, publishes, cards; an item before its chat and before an account.

create table chats (
  chat_key bigint generated always as identity primary key,
  -- Telegram's id stands here and nowhere else; the one that it had as a group still leads to it.
  chat_id bigint not null unique, moved_from bigint unique,
  title text not null, timezone text not null default 'UTC',
  -- A new chat rehearses: nothing is published before the operator says so.
  live boolean not null default false,
  -- The name on the cards, and the account by which it publishes, if one is connected.
  account text, account_id bigint,
  -- False: any member of the group may tap. True: only members with a role.
  restricted boolean not null default false,
  paused boolean not null default false,
  -- Never two cards of one chat within this gap; overdue items come one per gap.
  gap_seconds integer not null default 30 check (gap_seconds >= 0),
  -- Without a tap for so long, an item expires.
  review_hours integer not null default 48 check (review_hours > 0),
  -- A posted or skipped story may not come again for so long; a rejected one never.
  repost_days integer not null default 30 check (repost_days >= 0),
  skip_days integer not null default 45 check (skip_days >= 0),
  -- No card before this moment: the gap after the last one, or the pause after a failed send.
  next_card_at timestamptz not null default '-infinity',
  failed_sends integer not null default 0, created_at timestamptz not null default now(),
  -- Telegram's words, while it takes no card of the bot in this chat, and since when; tried again after the pause.
  refused text, refused_at timestamptz,
  -- In which topic of the group its cards stand; null: in General, or it has none.
  topic bigint
);

create table members (
  chat_key bigint not null references chats, user_id bigint not null, name text not null,
  role text check (role in ('reviewer', 'admin')), taps bigint not null default 0, posted bigint not null default 0,
  skipped bigint not null default 0, rejected bigint not null default 0,
  primary key (chat_key, user_id));
create trigger members_get_a_role after insert on members
  for each row when (new.role is not null) execute function hint_at_change();
create trigger members_change_their_role after update of role on members
  for each row when (old.role is distinct from new.role) execute function hint_at_change();

create table accounts (
  chat_key bigint not null references chats, account_id bigint generated always as identity, ig_user_id text not null,
  username text not null, login text not null check (login in ('facebook', 'instagram')), sealed_token bytea not null,
  token_expires_at timestamptz, token_gone boolean not null default false,
  -- The worker that looks after the token, for how long no other may, and when it was renewed last.
  token_held_by text, token_hold_until timestamptz, token_renewed_at timestamptz,
  warned_days integer, quota_used integer, quota_total integer, quota_at timestamptz,
  removed boolean not null default false, created_at timestamptz not null default now(),
  primary key (chat_key, account_id), unique (chat_key, ig_user_id),
  -- Until when Instagram lets our app see anything, whatever the token: 90 days from when its person was there last.
  data_access_ends_at timestamptz);
create trigger accounts_change_their_token after update of sealed_token, token_gone on accounts
  for each row when (old.sealed_token <> new.sealed_token or old.token_gone <> new.token_gone)
  execute function hint_at_change();
alter table chats add foreign key (chat_key, account_id) references accounts;
create trigger chats_show_their_account before update of account, account_id on chats
  for each row when (new.account_id is not null) execute function name_of_account();

create table media (
  chat_key bigint not null references chats, media_id bigint generated always as identity,
  kind text not null check (kind in ('photo', 'video')), path text not null, file_name text not null,
  title text not null, caption text not null default '', sha256 text not null,
  bytes bigint not null check (bytes > 0),
  -- Telegram's own copy, once a card was sent.
  file_id text,
  posted bigint not null default 0, created_at timestamptz not null default now(),
  -- Of what goes live, in pixels and seconds; null: taken in by a release that did not measure.
  width integer, height integer, seconds double precision,
  -- By their names at Instagram; and whether it carries the label of what an AI made.
  mentions text[] not null default '{}', made_by_ai boolean not null default false,
  primary key (chat_key, media_id),
  -- The same file is one story of a chat.
  unique (chat_key, sha256));

create table items (
  chat_key bigint not null, item_id bigint generated always as identity, media_id bigint not null,
  -- Given at birth and never changed; it is in every button of the item.
  mark text not null default new_mark() check (mark ~ '^[A-Za-z0-9_-]{6}$'),
  state text not null default 'waiting', version integer not null default 0, revision integer not null default 0,
  due_at timestamptz not null,
  -- The account is fixed when Auto Post is accepted.
  account text,
  came_from text, came_by text, presented_at timestamptz,
  -- While presenting: no other worker sends this card before. While publishing: none resumes it before.
  hold_until timestamptz, held_by text,
  -- The look at the schedule that claimed it: asked again with the same key, it finds its claims again.
  held_key text,
  -- Its card was left behind by a move: it is sent again, not before this moment; the worker that sends it has until
  -- then.
  resend_at timestamptz,
  -- Sends that may or may not have arrived; after the second one the item counts as presented.
  lost_sends integer not null default 0,
  settled_step text, settled_by bigint, settled_name text, settled_at timestamptz, settled_tap text, note text,
  -- What stands in the note's place once an account is connected (again), of which version and connection.
  note_once_connected text, note_version integer, note_connection text,
  late jsonb not null default '[]',
  -- Whether Auto Post would work, of which version and connection: a decision or another token outdates it.
  preflight text, preflight_version integer, preflight_connection text,
  created_at timestamptz not null default now(),
  -- Why Telegram takes no card of this story: the schedule passes it over until people bring it back.
  set_aside text,
  primary key (chat_key, item_id), foreign key (chat_key, media_id) references media,
  -- No row can stand in a state that the rule book does not reach.
  constraint items_follow_the_rule_book check (
    case when came_by is null then state = 'waiting' else state is not distinct from next_state(came_from, came_by) end)
);
-- What the schedule looks at; settled items cost it nothing.
create index items_open on items (chat_key, due_at) where state in ('waiting', 'presenting');
create index items_in_review on items (chat_key, presented_at) where state = 'in_review';
create index items_publishing on items (chat_key, hold_until) where state = 'publishing';
create index items_to_resend on items (chat_key, due_at) where resend_at is not null;
create index items_settled_lately on items (settled_at) where settled_at is not null;
-- Two live items of one story would be two posts.
create unique index items_one_open_per_media on items (chat_key, media_id)
  where state in ('waiting', 'presenting', 'in_review', 'publishing', 'in_doubt');

create table item_events (
  chat_key bigint not null, item_id bigint not null, version integer not null, step text not null,
  from_state text not null, to_state text not null, user_id bigint, user_name text, tap_id text, note text,
  at timestamptz not null default now(),
  -- One decision a version: a second effect of the same tap, or of another one, cannot be stored.
  primary key (chat_key, item_id, version),
  foreign key (chat_key, item_id) references items,
  constraint item_events_follow_the_rule_book check (to_state is not distinct from next_state(from_state, step))
);
-- One tap decides once.
create unique index item_events_one_per_tap on item_events (chat_key, tap_id) where tap_id is not null;

-- A change that no line of the log tells yet. The worker that claims it writes the line, then deletes it; a minute
-- after its death another one does.
create table item_changes (
  chat_key bigint not null, number bigint generated always as identity, item_id bigint not null,
  change text not null check (change in ('queued', 'withdrawn', 'requeued', 'expired', 'moved')), cause text not null,
  state text not null, version integer not null, told_by text, told_key text, told_until timestamptz,
  primary key (chat_key, number), foreign key (chat_key, item_id) references items);

create table taps (
  chat_key bigint not null references chats,
  -- Telegram's callback query id; its update id restarts at random after a quiet week.
  tap_id text not null,
  item_id bigint not null, message_id bigint not null, user_id bigint not null, user_name text not null,
  step text not null, version integer not null,
  outcome text not null check (outcome in ('recorded', 'stale', 'forbidden', 'gone', 'refused')),
  at timestamptz not null default now(),
  primary key (chat_key, tap_id));
create index taps_by_item on taps (chat_key, item_id);
-- What is kept of one person's refusals is the newest few.
create index taps_refused on taps (chat_key, user_id, at) where outcome in ('forbidden', 'gone', 'refused');

create table cards (
  chat_key bigint not null, message_id bigint not null, item_id bigint not null,
  -- The revision that the message shall show, and the newest one that it is known to show.
  want integer not null default 0, shown integer not null default -1,
  claimed_by text, claimed_until timestamptz,
  -- The message cannot be edited any more (deleted, bot removed).
  gone boolean not null default false,
  -- It shows a round in the queue that is over.
  retired boolean not null default false,
  -- Drawn before marks were compared, when forged data could put another item's buttons on it: drawn anew by and by.
  once_more boolean not null default false,
  sent_at timestamptz not null default now(),
  -- How often Telegram refused its newest edit: the pauses between tries grow with it.
  refusals integer not null default 0,
  primary key (chat_key, message_id), foreign key (chat_key, item_id) references items);
create index cards_by_item on cards (chat_key, item_id);
-- What the reconciler looks for: messages that may lie.
create index cards_behind on cards (claimed_until) where shown < want and not gone;
create index cards_once_more on cards (chat_key, message_id) where once_more and not gone;

-- Why a card was not sent, or may not have been; the same reason again is the same line.
create table card_failures (
  chat_key bigint not null, item_id bigint not null,
  fate text not null check (fate in ('not_sent', 'refused', 'lost')), reason text not null,
  times integer not null default 1 check (times > 0), first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  primary key (chat_key, item_id, fate, reason), foreign key (chat_key, item_id) references items);

create table locks (
  chat_key bigint not null, media_id bigint not null,
  kind text not null check (kind in ('posted', 'skipped', 'rejected')), until timestamptz not null,
  item_id bigint not null, at timestamptz not null default now(),
  -- The kind is part of the key, so a rejection is stored whatever other lock there is.
  primary key (chat_key, media_id, kind),
  foreign key (chat_key, media_id) references media);

create table publishes (
  chat_key bigint not null, item_id bigint not null,
  -- The item's version once it is being published: a row belongs to one accepted tap.
  version integer not null,
  -- Fixed when the tap is accepted; null: no account was active.
  account_id bigint,
  state text not null default 'creating' check (state in
    ('creating', 'container', 'ready', 'publishing', 'published', 'refused', 'in_doubt', 'cancelled')),
  container_id text,
  -- The container comes from a doubt in which people said that nothing is live: it is looked at first.
  inherited boolean not null default false,
  attempt integer not null default 0,
  -- An answer of the publish call was lost.
  lost boolean not null default false,
  -- When the first publish call of this container was marked.
  publishing_at timestamptz,
  media_id text, permalink text, sentence text,
  -- The fence: a step counts only for this lease, and after the step that it names.
  owner text, token bigint not null default 0, seq integer not null default 0,
  -- In doubt: not looked at again before.
  lease_until timestamptz not null,
  -- When this state, while publishing this attempt, began.
  phase_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  primary key (chat_key, item_id, version), foreign key (chat_key, item_id) references items,
  foreign key (chat_key, account_id) references accounts,
  -- Nothing is published but a container that is known.
  constraint publishes_know_their_container
    check (container_id is not null or state in ('creating', 'refused', 'cancelled')),
  -- On the way: until when it waits for what `sentence` says. Refused: people had better wait so long.
  wait_until timestamptz,
  -- How many containers were made, and how many answers of publish calls were lost.
  containers integer not null default 0, losses integer not null default 0,
  -- A publish call of this container was refused in these words, which may come though it is live.
  refusal text,
  -- How its story was seen: when Instagram is asked next, who asks now, and what it last told.
  insights_due_at timestamptz, insights_held_by text, insights_hold_until timestamptz, insights jsonb
);
create index publishes_insights_due on publishes (insights_due_at) where insights_due_at is not null;
-- One container is one story: no second publish may hold it while one does, or has published it.
create unique index publishes_one_per_container on publishes (chat_key, container_id)
  where state in ('creating', 'container', 'ready', 'publishing', 'published');
-- Two publishes of one item at a time would be two stories.
create unique index publishes_one_per_item on publishes (chat_key, item_id)
  where state in ('creating', 'container', 'ready', 'publishing');
-- What the reconciler looks for.
create index publishes_open on publishes (lease_until)
  where state in ('creating', 'container', 'ready', 'publishing', 'in_doubt');

create table publish_events (
  chat_key bigint not null, item_id bigint not null, version integer not null, seq integer not null,
  state text not null, container_id text, attempt integer not null,
  -- What the calls since the step before came to; never a token or an address.
  calls jsonb not null default '[]',
  sentence text, worker text, at timestamptz not null default now(),
  -- One step is told once.
  primary key (chat_key, item_id, version, seq),
  foreign key (chat_key, item_id, version) references publishes,
  -- What Instagram said to those calls: codes, trace, its words; never a token or an address.
  answers jsonb not null default '[]');

create table commands (
  chat_key bigint not null references chats,
  -- Telegram's id of the message in which it was written; its update id restarts at random after a quiet week.
  message_id bigint not null,
  verb text not null check (verb in ('next', 'pause', 'resume', 'requeue')), user_id bigint not null,
  user_name text not null,
  -- The item that it concerns, if it found one.
  item_id bigint,
  verdict text not null check (verdict in ('done', 'as_it_was', 'forbidden', 'overtaken', 'nothing_waiting',
    'being_sent', 'nothing_to_requeue', 'unknown_item', 'cannot_requeue', 'locked', 'queued_already', 'too_old')),
  at timestamptz not null default now(),
  -- One command takes effect once.
  primary key (chat_key, message_id));
create index commands_by_age on commands (at);

create table interactions (
  chat_key bigint not null references chats, id bigint generated always as identity, kind text not null,
  user_id bigint not null, user_name text not null, item_id bigint not null, tap_id text not null,
  at timestamptz not null,
  primary key (chat_key, id));
create index interactions_by_age on interactions (at);

-- The key that makes the second write of one batch harmless.
create table interaction_batches (
  batch text primary key, at timestamptz not null default now()
);

create table leases (
  name text primary key, owner text not null,
  -- Grows with every change of the owner; a worker that acts with an older one is too late.
  token bigint not null default 1,
  expires_at timestamptz not null, standby text, standby_at timestamptz
);
