-- Before anybody taps: what a card says of its chances with Auto Post
-- depends: 0011_tokens

-- migrate: apply

-- The finding, and for which version and account it was made: a decision outdates it, and so does another account.
alter table items add column preflight text, add column preflight_version integer, add column preflight_account bigint;

-- As before, and: what was found before anybody tapped.
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

-- With which account a chat would publish now; the quota if it was read within 10 minutes.
create function look_ahead(p_chat_key bigint) returns jsonb language sql stable as $$
  select jsonb_build_object('account', sealed_account(a), 'seconds_left', extract(epoch from a.token_expires_at - now()),
    'gone', a.token_gone,
    'quota', case when a.quota_at > now() - interval '10 minutes' then jsonb_build_array(a.quota_used, a.quota_total) end)
  from chats c join accounts a on a.chat_key = c.chat_key and a.account_id = c.account_id and not a.removed
  where c.chat_key = p_chat_key
$$;

-- Put a finding on the cards, if the item still waits for the decision, and the chat has the account, for which it was
-- made. Asked again it finds itself done, and the cards are ours to draw.
create function store_finding(p_chat_key bigint, p_item_id bigint, p_version integer, p_finding text,
                              p_account_id bigint, p_used integer, p_total integer, p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  item items;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  if p_used is not null then
    update accounts set quota_used = p_used, quota_total = p_total, quota_at = now()
    where chat_key = p_chat_key and account_id = p_account_id;
  end if;
  if item.version is distinct from p_version or item.state not in ('presenting', 'in_review') or p_account_id is
      distinct from (select account_id from chats where chat_key = p_chat_key) then
    return null;
  end if;
  if (item.preflight, item.preflight_version, item.preflight_account)
      is distinct from (p_finding, p_version, p_account_id) then
    update items set preflight = p_finding, preflight_version = p_version, preflight_account = p_account_id,
      revision = revision + 1
    where chat_key = p_chat_key and item_id = p_item_id returning * into item;
  end if;
  perform claim_cards(p_chat_key, p_item_id, item.revision, p_worker);
  return item_row(p_chat_key, p_item_id);
end $$;

-- migrate: rollback

drop function store_finding, look_ahead;
create or replace function item_row(p_chat_key bigint, p_item_id bigint) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'chat_key', i.chat_key, 'chat_id', c.chat_id, 'id', i.item_id, 'state', i.state, 'version', i.version,
    'revision', i.revision, 'due_at', i.due_at, 'timezone', c.timezone, 'live', c.live,
    'account', coalesce(i.account, c.account), 'note', i.note, 'late', i.late,
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
alter table items drop column preflight, drop column preflight_version, drop column preflight_account;
