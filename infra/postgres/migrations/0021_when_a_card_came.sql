-- A row says when its newest card came: who waited in vain waited since then, not since the slot
-- depends: 0020_sends_that_take_long

-- migrate: apply

-- As before, and: when the newest card came.
create or replace function item_row(p_chat_key bigint, p_item_id bigint) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'chat_key', i.chat_key, 'chat_id', c.chat_id, 'id', i.item_id, 'state', i.state, 'version', i.version,
    'revision', i.revision, 'due_at', i.due_at, 'timezone', c.timezone, 'live', c.live,
    'account', coalesce(i.account, c.account), 'note', i.note, 'late', i.late,
    'preflight', case when i.preflight_version = i.version and i.preflight_account is not distinct from c.account_id
      then i.preflight end, 'presented_at', i.presented_at,
    'phase', case when i.state in ('publishing', 'in_doubt') then (
      select p.state from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id
        and p.version = i.version - (i.state = 'in_doubt')::int) end,
    'settled', case when i.settled_step is not null then jsonb_build_object(
      'step', i.settled_step, 'id', i.settled_by, 'name', i.settled_name, 'at', i.settled_at, 'tap', i.settled_tap) end,
    'story', jsonb_build_object('media_id', m.media_id, 'kind', m.kind, 'path', m.path, 'file_name', m.file_name,
      'title', m.title, 'caption', m.caption, 'file_id', m.file_id),
    'cards', coalesce((
      select jsonb_agg(jsonb_build_array(k.message_id, k.retired) order by k.message_id)
      from cards k where k.chat_key = i.chat_key and k.item_id = i.item_id and not k.gone
        and (not k.retired or k.shown < k.want)), '[]'))
  from items i join chats c using (chat_key) join media m using (chat_key, media_id)
  where i.chat_key = p_chat_key and i.item_id = p_item_id
$$;

-- migrate: rollback

create or replace function item_row(p_chat_key bigint, p_item_id bigint) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'chat_key', i.chat_key, 'chat_id', c.chat_id, 'id', i.item_id, 'state', i.state, 'version', i.version,
    'revision', i.revision, 'due_at', i.due_at, 'timezone', c.timezone, 'live', c.live,
    'account', coalesce(i.account, c.account), 'note', i.note, 'late', i.late,
    'preflight', case when i.preflight_version = i.version and i.preflight_account is not distinct from c.account_id
      then i.preflight end,
    'phase', case when i.state in ('publishing', 'in_doubt') then (
      select p.state from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id
        and p.version = i.version - (i.state = 'in_doubt')::int) end,
    'settled', case when i.settled_step is not null then jsonb_build_object(
      'step', i.settled_step, 'id', i.settled_by, 'name', i.settled_name, 'at', i.settled_at, 'tap', i.settled_tap) end,
    'story', jsonb_build_object('media_id', m.media_id, 'kind', m.kind, 'path', m.path, 'file_name', m.file_name,
      'title', m.title, 'caption', m.caption, 'file_id', m.file_id),
    'cards', coalesce((
      select jsonb_agg(jsonb_build_array(k.message_id, k.retired) order by k.message_id)
      from cards k where k.chat_key = i.chat_key and k.item_id = i.item_id and not k.gone
        and (not k.retired or k.shown < k.want)), '[]'))
  from items i join chats c using (chat_key) join media m using (chat_key, media_id)
  where i.chat_key = p_chat_key and i.item_id = p_item_id
$$;
