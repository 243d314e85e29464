-- What the command line says of a story, a refusal or a token, it says by the clock of the chat
-- depends: 0027_changes_that_are_told

-- migrate: apply

create function zone_of(p_chat_key bigint) returns text language sql stable as $$
  select timezone from chats where chat_key = p_chat_key
$$;

-- As before, and: the clock of their chat.
create or replace function locked(p_lock locks) returns json language sql stable set timezone = 'UTC' as $$
  select json_build_object('refused', 'locked', 'kind', p_lock.kind, 'item_id', p_lock.item_id, 'at', p_lock.at,
    'media_id', p_lock.media_id, 'timezone', zone_of(p_lock.chat_key), 'until', nullif(p_lock.until, 'infinity'))
$$;

create or replace function cannot(p_step text, p_item items) returns json language sql stable set timezone = 'UTC' as $$
  select json_build_object('refused', 'cannot_' || p_step, 'item_id', p_item.item_id, 'state', p_item.state,
    'timezone', zone_of(p_item.chat_key), 'settled_by', p_item.settled_name, 'settled_at', p_item.settled_at)
$$;

create or replace function media_line(p_media media) returns json language sql stable set timezone = 'UTC' as $$
  select json_build_object('id', p_media.media_id, 'chat_id', c.chat_id, 'timezone', c.timezone, 'kind', p_media.kind,
    'file_name', p_media.file_name, 'title', p_media.title, 'caption', p_media.caption, 'bytes', p_media.bytes,
    'sha256', p_media.sha256, 'path', p_media.path, 'posted', p_media.posted, 'created_at', p_media.created_at,
    'open_item', (select item_id from items where chat_key = p_media.chat_key and media_id = p_media.media_id
      and state in ('waiting', 'presenting', 'in_review', 'publishing', 'in_doubt')),
    'locked', (l).kind, 'locked_until', nullif((l).until, 'infinity'))
  from chats c, holding_lock(p_media.chat_key, p_media.media_id, null) as l
  where c.chat_key = p_media.chat_key
$$;

create or replace function account_shown(p_account accounts) returns json language sql stable as $$
  select json_build_object('id', p_account.account_id, 'chat_id', c.chat_id, 'timezone', c.timezone, 'username', p_account.username,
    'login', p_account.login, 'ig_user_id', p_account.ig_user_id,
    'active', c.account_id is not distinct from p_account.account_id,
    'token_expires_at', p_account.token_expires_at, 'token_gone', p_account.token_gone)
  from chats c where c.chat_key = p_account.chat_key
$$;

-- migrate: rollback

create or replace function locked(p_lock locks) returns json language sql stable set timezone = 'UTC' as $$
  select json_build_object('refused', 'locked', 'kind', p_lock.kind, 'item_id', p_lock.item_id, 'at', p_lock.at,
    'media_id', p_lock.media_id, 'until', nullif(p_lock.until, 'infinity'))
$$;

create or replace function cannot(p_step text, p_item items) returns json language sql stable set timezone = 'UTC' as $$
  select json_build_object('refused', 'cannot_' || p_step, 'item_id', p_item.item_id, 'state', p_item.state,
    'settled_by', p_item.settled_name, 'settled_at', p_item.settled_at)
$$;

create or replace function media_line(p_media media) returns json language sql stable set timezone = 'UTC' as $$
  select json_build_object('id', p_media.media_id, 'chat_id', c.chat_id, 'kind', p_media.kind,
    'file_name', p_media.file_name, 'title', p_media.title, 'caption', p_media.caption, 'bytes', p_media.bytes,
    'sha256', p_media.sha256, 'path', p_media.path, 'posted', p_media.posted, 'created_at', p_media.created_at,
    'open_item', (select item_id from items where chat_key = p_media.chat_key and media_id = p_media.media_id
      and state in ('waiting', 'presenting', 'in_review', 'publishing', 'in_doubt')),
    'locked', (l).kind, 'locked_until', nullif((l).until, 'infinity'))
  from chats c, holding_lock(p_media.chat_key, p_media.media_id, null) as l
  where c.chat_key = p_media.chat_key
$$;

create or replace function account_shown(p_account accounts) returns json language sql stable as $$
  select json_build_object('id', p_account.account_id, 'chat_id', c.chat_id, 'username', p_account.username,
    'login', p_account.login, 'ig_user_id', p_account.ig_user_id,
    'active', c.account_id is not distinct from p_account.account_id,
    'token_expires_at', p_account.token_expires_at, 'token_gone', p_account.token_gone)
  from chats c where c.chat_key = p_account.chat_key
$$;

drop function zone_of;
