-- Tables: every key starts with our own chat key, so that a group's move changes one row and the rows can be spread by chat
-- depends:

-- migrate: apply

-- The rule book, equal to TRANSITIONS in actors/domain/item.py (a test compares them); null: no such step in that state.
create function next_state(from_state text, step text) returns text
language sql immutable parallel safe as $$
  select case from_state || ' ' || step
    when 'waiting claim' then 'presenting'
    when 'waiting withdraw' then 'withdrawn'
    when 'presenting claim' then 'presenting'
    when 'presenting sent' then 'in_review'
    when 'presenting send_failed' then 'waiting'
    when 'presenting auto_post' then 'publishing'
    when 'presenting posted' then 'posted'
    when 'presenting skip' then 'skipped'
    when 'presenting reject' then 'rejected'
    when 'presenting withdraw' then 'withdrawn'
    when 'in_review auto_post' then 'publishing'
    when 'in_review posted' then 'posted'
    when 'in_review skip' then 'skipped'
    when 'in_review reject' then 'rejected'
    when 'in_review expire' then 'expired'
    when 'in_review withdraw' then 'withdrawn'
    when 'publishing rehearsed' then 'in_review'
    when 'publishing published' then 'posted'
    when 'publishing publish_refused' then 'in_review'
    when 'publishing answer_lost' then 'in_doubt'
    when 'publishing posted' then 'posted'
    when 'publishing skip' then 'skipped'
    when 'publishing reject' then 'rejected'
    when 'in_doubt published' then 'posted'
    when 'in_doubt it_is_live' then 'posted'
    when 'in_doubt it_is_not' then 'publishing'
    when 'skipped requeue' then 'waiting'
    when 'expired requeue' then 'waiting'
  end
$$;

create table chats (
  chat_key bigint generated always as identity primary key,
  -- Telegram's id stands here and nowhere else.
  chat_id bigint not null unique,
  title text not null,
  timezone text not null default 'UTC',
  -- A new chat rehearses: nothing is published before somebody says so.
  live boolean not null default false,
  account text,
  -- False: any member of the group may tap. True: only members with a role.
  restricted boolean not null default false,
  paused boolean not null default false,
  -- Never two cards of one chat within this gap; overdue items come one per gap.
  gap_seconds integer not null default 30 check (gap_seconds >= 0),
  -- Nobody tapped for so long: the item expires.
  review_hours integer not null default 48 check (review_hours > 0),
  -- A posted or skipped story may not come again for so long; a rejected one never.
  repost_days integer not null default 30 check (repost_days >= 0),
  skip_days integer not null default 45 check (skip_days >= 0),
  -- No card before this moment: the gap after the last one, or the pause after a failed send.
  next_card_at timestamptz not null default '-infinity',
  failed_sends integer not null default 0,
  created_at timestamptz not null default now()
);

create table members (
  chat_key bigint not null references chats,
  user_id bigint not null,
  name text not null,
  role text check (role in ('reviewer', 'admin')),
  taps bigint not null default 0,
  posted bigint not null default 0,
  skipped bigint not null default 0,
  rejected bigint not null default 0,
  primary key (chat_key, user_id)
);

create table media (
  chat_key bigint not null references chats,
  media_id bigint generated always as identity,
  kind text not null check (kind in ('photo', 'video')),
  path text not null,
  file_name text not null,
  title text not null,
  caption text not null default '',
  sha256 text not null,
  bytes bigint not null check (bytes > 0),
  -- Telegram's own copy, once a card was sent.
  file_id text,
  posted bigint not null default 0,
  created_at timestamptz not null default now(),
  primary key (chat_key, media_id),
  -- The same file is one story of a chat.
  unique (chat_key, sha256)
);

create table items (
  chat_key bigint not null,
  item_id bigint generated always as identity,
  media_id bigint not null,
  state text not null default 'waiting',
  -- Counts decisions; it is in the buttons.
  version integer not null default 0,
  -- Counts every change that a card must show.
  revision integer not null default 0,
  due_at timestamptz not null,
  -- The account is fixed when Auto Post is accepted.
  account text,
  came_from text,
  came_by text,
  presented_at timestamptz,
  -- While presenting: nobody else sends this card before. While publishing: nobody else resumes it before.
  hold_until timestamptz,
  held_by text,
  -- The look at the schedule that claimed it: asked again with the same key, it finds its claims again.
  held_key text,
  -- Sends of which nobody knows whether they arrived; after the second one the item counts as presented.
  lost_sends integer not null default 0,
  settled_step text,
  settled_by bigint,
  settled_name text,
  settled_at timestamptz,
  settled_tap text,
  note text,
  late jsonb not null default '[]',
  created_at timestamptz not null default now(),
  primary key (chat_key, item_id),
  foreign key (chat_key, media_id) references media,
  -- No row can stand in a state that the rule book does not reach.
  constraint items_follow_the_rule_book check (
    case when came_by is null then state = 'waiting' else state is not distinct from next_state(came_from, came_by) end
  )
);
-- What the schedule looks at; settled items cost it nothing.
create index items_open on items (chat_key, due_at) where state in ('waiting', 'presenting');
create index items_in_review on items (chat_key, presented_at) where state = 'in_review';
create index items_publishing on items (chat_key, hold_until) where state = 'publishing';
create index items_settled_lately on items (settled_at) where settled_at is not null;
-- Two live items of one story would be two posts.
create unique index items_one_open_per_media on items (chat_key, media_id)
  where state in ('waiting', 'presenting', 'in_review', 'publishing', 'in_doubt');

create table item_events (
  chat_key bigint not null,
  item_id bigint not null,
  version integer not null,
  step text not null,
  from_state text not null,
  to_state text not null,
  user_id bigint,
  user_name text,
  tap_id text,
  note text,
  at timestamptz not null default now(),
  -- One decision a version: a second effect of the same tap, or of another one, cannot be stored.
  primary key (chat_key, item_id, version),
  foreign key (chat_key, item_id) references items,
  constraint item_events_follow_the_rule_book check (to_state is not distinct from next_state(from_state, step))
);
-- One tap decides once.
create unique index item_events_one_per_tap on item_events (chat_key, tap_id) where tap_id is not null;

create table taps (
  chat_key bigint not null references chats,
  -- Telegram's callback query id; its update id restarts at random after a quiet week.
  tap_id text not null,
  item_id bigint not null,
  message_id bigint not null,
  user_id bigint not null,
  user_name text not null,
  step text not null,
  version integer not null,
  outcome text not null check (outcome in ('recorded', 'stale', 'forbidden', 'gone', 'refused')),
  at timestamptz not null default now(),
  primary key (chat_key, tap_id)
);
create index taps_by_item on taps (chat_key, item_id);

create table cards (
  chat_key bigint not null,
  message_id bigint not null,
  item_id bigint not null,
  -- The revision that the message shall show, and the newest one that it is known to show.
  want integer not null default 0,
  shown integer not null default -1,
  claimed_by text,
  claimed_until timestamptz,
  -- The message cannot be edited any more (deleted, bot removed).
  gone boolean not null default false,
  -- It shows a round in the queue that is over.
  retired boolean not null default false,
  sent_at timestamptz not null default now(),
  primary key (chat_key, message_id),
  foreign key (chat_key, item_id) references items
);
create index cards_by_item on cards (chat_key, item_id);
-- What the reconciler looks for: messages that may lie.
create index cards_behind on cards (claimed_until) where shown < want and not gone;

create table locks (
  chat_key bigint not null,
  media_id bigint not null,
  kind text not null check (kind in ('posted', 'skipped', 'rejected')),
  until timestamptz not null,
  item_id bigint not null,
  at timestamptz not null default now(),
  -- The kind is part of the key, so a rejection is stored whatever other lock there is.
  primary key (chat_key, media_id, kind),
  foreign key (chat_key, media_id) references media
);

create table interactions (
  chat_key bigint not null references chats,
  id bigint generated always as identity,
  kind text not null,
  user_id bigint not null,
  user_name text not null,
  item_id bigint not null,
  tap_id text not null,
  at timestamptz not null,
  primary key (chat_key, id)
);
create index interactions_by_age on interactions (at);

-- The key that makes the second write of one batch harmless.
create table interaction_batches (
  batch text primary key,
  at timestamptz not null default now()
);

create table leases (
  name text primary key,
  owner text not null,
  -- Grows with every change of the owner; a worker that acts with an older one is too late.
  token bigint not null default 1,
  expires_at timestamptz not null,
  standby text,
  standby_at timestamptz
);

-- migrate: rollback

drop table leases, interaction_batches, interactions, locks, cards, taps, item_events, items, media, members, chats;
drop function next_state(text, text);
