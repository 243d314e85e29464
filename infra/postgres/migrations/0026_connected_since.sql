-- What a card says of an account is said of one token: with another one it is looked at anew
-- depends: 0025_set_up

-- migrate: apply

-- The finding is of a connection now, no longer of an account only: a new token for the same account outdates it. A note
-- that asks for a connection comes with the one that takes its place, and is of a version and of a connection.
alter table items drop column preflight_account, add column preflight_connection text, 
  add column note_once_connected text, add column note_version integer, add column note_connection text;

-- By what a chat publishes: which account, by which token, and whether Instagram takes it. Null: by nothing.
create function connection_of(p_chat_key bigint, p_account_id bigint) returns text language sql stable as $$
  select md5(concat_ws(' ', account_id, token_gone::int, encode(sealed_token, 'hex'))) from accounts
  where chat_key = p_chat_key and account_id = p_account_id and not removed
$$;

create function finding_is_outdated(p_item items, p_chat chats) returns boolean language sql stable as $$
  select p_item.preflight_version = p_item.version
    and p_item.preflight_connection is distinct from connection_of(p_chat.chat_key, p_chat.account_id)
$$;

-- The account of a doubt is the one by which it was published, whichever the chat has meanwhile.
create function note_is_outdated(p_item items, p_chat chats) returns boolean language sql stable as $$
  select p_item.note_version = p_item.version and exists (
    select from accounts a where a.chat_key = p_item.chat_key and not a.removed and not a.token_gone
      and (a.token_expires_at is null or a.token_expires_at > now())
      and p_item.note_connection is distinct from connection_of(a.chat_key, a.account_id)
      and a.account_id = case p_item.state when 'in_doubt' then (
        select p.account_id from publishes p where p.chat_key = p_item.chat_key and p.item_id = p_item.item_id
          and p.version = p_item.version - 1) else p_chat.account_id end)
$$;

-- Whatever ends or renews a token, the open cards of its account are looked at soon.
create function hint_at_token() returns trigger language plpgsql as $$
begin
  perform pg_notify('everytap', '');
  return null;
end $$;
create trigger accounts_change_their_token after update of sealed_token, token_gone on accounts
  for each row when (old.sealed_token <> new.sealed_token or old.token_gone <> new.token_gone)
  execute function hint_at_token();

-- As before, but a finding counts for its connection only.
create or replace function item_row(p_chat_key bigint, p_item_id bigint) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'chat_key', i.chat_key, 'chat_id', c.chat_id, 'id', i.item_id, 'mark', i.mark, 'state', i.state, 'version', i.version,
    'revision', i.revision, 'due_at', i.due_at, 'timezone', c.timezone, 'live', c.live,
    'account', coalesce(i.account, c.account), 'note', i.note, 'late', i.late,
    'preflight', case when i.preflight_version = i.version and i.preflight_connection is not distinct from
      connection_of(c.chat_key, c.account_id)
      then i.preflight end, 'presented_at', i.presented_at, 'card_lost', card_lost(i),
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

-- As before, and: by which connection.
create or replace function look_ahead(p_chat_key bigint) returns jsonb language sql stable as $$
  select jsonb_build_object('account', sealed_account(a), 'seconds_left', extract(epoch from a.token_expires_at - now()),
    'gone', a.token_gone, 'connection', connection_of(a.chat_key, a.account_id),
    'quota', case when a.quota_at > now() - interval '10 minutes' then jsonb_build_array(a.quota_used, a.quota_total) end)
  from chats c join accounts a on a.chat_key = c.chat_key and a.account_id = c.account_id and not a.removed
  where c.chat_key = p_chat_key
$$;

-- As before, but for the connection that was looked at, and no other.
create function store_finding(p_chat_key bigint, p_item_id bigint, p_version integer, p_finding text,
                              p_account_id bigint, p_connection text, p_used integer, p_total integer,
                              p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  item items;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  if p_used is not null then
    update accounts set quota_used = p_used, quota_total = p_total, quota_at = now()
    where chat_key = p_chat_key and account_id = p_account_id;
  end if;
  if item.version is distinct from p_version or item.state not in ('presenting', 'in_review') or p_connection
      is distinct from (select connection_of(chat_key, account_id) from chats where chat_key = p_chat_key) then
    return null;
  end if;
  if (item.preflight, item.preflight_version, item.preflight_connection)
      is distinct from (p_finding, p_version, p_connection) then
    update items set preflight = p_finding, preflight_version = p_version, preflight_connection = p_connection,
      revision = revision + 1
    where chat_key = p_chat_key and item_id = p_item_id returning * into item;
  end if;
  perform claim_cards(p_chat_key, p_item_id, item.revision, p_worker);
  return item_row(p_chat_key, p_item_id);
end $$;

-- For a worker of the release before.
create or replace function store_finding(p_chat_key bigint, p_item_id bigint, p_version integer, p_finding text,
                              p_account_id bigint, p_used integer, p_total integer, p_worker text) returns jsonb
language sql as $$
  select store_finding(p_chat_key, p_item_id, p_version, p_finding, p_account_id, (
    select connection_of(chat_key, account_id) from chats where chat_key = p_chat_key and account_id = p_account_id),
    p_used, p_total, p_worker)
$$;

-- As before, but a refusal of a token that was replaced meanwhile says nothing of the new one; and a note that asks for
-- a connection is kept with what shall stand there once there is one.
create or replace function step_publish(p_chat_key bigint, p_item_id bigint, p_version integer, p_owner text, p_token bigint,
                             p_seq integer, p_move jsonb, p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  item items;
  before publishes;
  publish publishes;
  target text := p_move->>'state';
  moved boolean := false;
  was_replaced boolean;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  select * into before from publishes
  where chat_key = p_chat_key and item_id = p_item_id and version = p_version for update;
  if before.owner is distinct from p_owner or before.token <> p_token or before.seq not in (p_seq, p_seq + 1) then
    return jsonb_build_object('held', before.state in ('creating', 'container', 'ready', 'publishing'));
  end if;
  if before.seq = p_seq + 1 then
    perform claim_cards(p_chat_key, p_item_id, item.revision, p_worker);
    return jsonb_build_object('publish', publish_line(before), 'row', item_row(p_chat_key, p_item_id));
  end if;
  if not (item.state = 'publishing' and item.version = p_version and before.state <> 'in_doubt'
      or item.state = 'in_doubt' and item.version = p_version + 1 and before.state = 'in_doubt') then
    return jsonb_build_object('held', false);
  end if;
  update publishes set state = target, container_id = p_move->>'container_id', attempt = (p_move->>'attempt')::integer,
    lost = (p_move->>'lost')::boolean, inherited = inherited and target <> 'creating', seq = seq + 1,
    sentence = p_move->>'sentence', media_id = p_move->>'media_id',
    publishing_at = case target when 'creating' then null when 'publishing' then coalesce(publishing_at, now())
      else publishing_at end,
    phase_at = case when state <> target or attempt <> (p_move->>'attempt')::integer then now() else phase_at end,
    lease_until = now() + case target when 'in_doubt' then interval '5 minutes' else interval '75 seconds' end
  where chat_key = p_chat_key and item_id = p_item_id and version = p_version
  returning * into publish;
  perform note_publish(publish, p_move->'calls', p_worker);
  select sealed_token <> decode(p_move->>'sealed_token', 'base64') into was_replaced from accounts
  where chat_key = p_chat_key and account_id = publish.account_id;
  was_replaced := coalesce(was_replaced, false);
  if (p_move->>'token_gone')::boolean then
    update accounts set token_gone = true where chat_key = p_chat_key and account_id = publish.account_id and not
      was_replaced;
  end if;
  if target in ('published', 'refused', 'in_doubt') then
    perform end_publish(item, target, publish.sentence, p_worker);
    update items set note_once_connected = p_move->>'once_connected', note_version = item.version + 1,
      note_connection = case when not was_replaced then connection_of(p_chat_key, publish.account_id) end
    where chat_key = p_chat_key and item_id = p_item_id and p_move->>'once_connected' is not null;
    moved := true;
  elsif before.state <> target and target <> 'ready' then
    update items set revision = revision + 1 where chat_key = p_chat_key and item_id = p_item_id;
    perform claim_cards(p_chat_key, p_item_id, item.revision + 1, p_worker);
    moved := true;
  end if;
  return jsonb_build_object('publish', publish_line(publish),
    'row', case when moved then item_row(p_chat_key, p_item_id) end);
end $$;

-- As before, and: what cards say of a connection that was replaced since.
create or replace function recover(p_worker text, p_everything boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  behind jsonb;
  again jsonb := '[]';
  unpublished jsonb;
  item items;
  chat chats;
begin
  for item in select i.* from items i join chats c using (chat_key)
    where i.state in ('presenting', 'in_review', 'in_doubt') and (finding_is_outdated(i, c) or note_is_outdated(i, c))
    order by i.chat_key, i.item_id limit 200 for update of i skip locked
  loop
    select * into chat from chats where chat_key = item.chat_key;
    update items set revision = revision + 1,
      preflight_version = case when not finding_is_outdated(item, chat) then preflight_version end,
      note = case when note_is_outdated(item, chat) then note_once_connected else note end,
      note_version = case when not note_is_outdated(item, chat) then note_version end
    where chat_key = item.chat_key and item_id = item.item_id;
    perform claim_cards(item.chat_key, item.item_id, item.revision + 1, null);
  end loop;
  with mine as (
    select chat_key, message_id from cards
    where shown < want and not gone and (claimed_until is null or claimed_until < now())
    order by claimed_until nulls first limit 200 for update skip locked
  ), claimed as (
    update cards k set claimed_by = p_worker, claimed_until = now() + interval '30 seconds'
    from mine where k.chat_key = mine.chat_key and k.message_id = mine.message_id
    returning k.chat_key, k.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into behind
  from (select distinct chat_key, item_id from claimed) as c;
  if p_everything then
    with claimed as (
      update cards k set claimed_by = p_worker, claimed_until = now() + interval '30 seconds', shown = -1 from items i
      where i.chat_key = k.chat_key and i.item_id = k.item_id and not k.gone and not k.retired
        and k.shown >= k.want and (k.claimed_until is null or k.claimed_until < now())
        and (i.state in ('in_review', 'publishing', 'in_doubt') or i.settled_at > now() - interval '10 minutes')
      returning k.chat_key, k.item_id
    )
    select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
    from (select distinct chat_key, item_id from claimed) as c;
  end if;
  with mine as (
    select chat_key, item_id from items i where state = 'publishing' and hold_until < now() and not exists (
      select from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id and p.version = i.version)
    limit 50 for update skip locked
  ), claimed as (
    update items i set held_by = p_worker, hold_until = now() + interval '75 seconds'
    from mine where i.chat_key = mine.chat_key and i.item_id = mine.item_id
    returning i.chat_key, i.item_id
  ), left_behind as (
    -- Fences out whoever held it; whoever takes it within 10 s goes on.
    update publishes p set owner = null, lease_until = now() + case p.state
      when 'in_doubt' then interval '25 minutes' else interval '10 seconds' end
    from (
      select q.chat_key, q.item_id, q.version from publishes q join items i using (chat_key, item_id)
      where q.lease_until < now() and (q.state in ('creating', 'container', 'ready', 'publishing')
        or q.state = 'in_doubt' and i.state = 'in_doubt' and i.version = q.version + 1)
      limit 50 for update of q skip locked) as q
    where p.chat_key = q.chat_key and p.item_id = q.item_id and p.version = q.version
    returning p.chat_key, p.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into unpublished
  from (select * from claimed union all select * from left_behind) as found;
  return jsonb_build_object('behind', behind, 'again', again, 'unpublished', unpublished, 'next_seconds', (
    select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
      select min(coalesce(claimed_until, now())) as at from cards where shown < want and not gone
      union all select min(hold_until) from items i where state = 'publishing' and not exists (
        select from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id and p.version = i.version)
      union all select min(lease_until) from publishes
        where state in ('creating', 'container', 'ready', 'publishing')) as moments));
end $$;

-- migrate: rollback

alter table items add column preflight_account bigint;
drop function store_finding(bigint, bigint, integer, text, bigint, text, integer, integer, text);
create or replace function store_finding(p_chat_key bigint, p_item_id bigint, p_version integer, p_finding text,
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

create or replace function look_ahead(p_chat_key bigint) returns jsonb language sql stable as $$
  select jsonb_build_object('account', sealed_account(a), 'seconds_left', extract(epoch from a.token_expires_at - now()),
    'gone', a.token_gone,
    'quota', case when a.quota_at > now() - interval '10 minutes' then jsonb_build_array(a.quota_used, a.quota_total) end)
  from chats c join accounts a on a.chat_key = c.chat_key and a.account_id = c.account_id and not a.removed
  where c.chat_key = p_chat_key
$$;

create or replace function step_publish(p_chat_key bigint, p_item_id bigint, p_version integer, p_owner text, p_token bigint,
                             p_seq integer, p_move jsonb, p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  item items;
  before publishes;
  publish publishes;
  target text := p_move->>'state';
  moved boolean := false;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  select * into before from publishes
  where chat_key = p_chat_key and item_id = p_item_id and version = p_version for update;
  if before.owner is distinct from p_owner or before.token <> p_token or before.seq not in (p_seq, p_seq + 1) then
    return jsonb_build_object('held', before.state in ('creating', 'container', 'ready', 'publishing'));
  end if;
  if before.seq = p_seq + 1 then
    perform claim_cards(p_chat_key, p_item_id, item.revision, p_worker);
    return jsonb_build_object('publish', publish_line(before), 'row', item_row(p_chat_key, p_item_id));
  end if;
  if not (item.state = 'publishing' and item.version = p_version and before.state <> 'in_doubt'
      or item.state = 'in_doubt' and item.version = p_version + 1 and before.state = 'in_doubt') then
    return jsonb_build_object('held', false);
  end if;
  update publishes set state = target, container_id = p_move->>'container_id', attempt = (p_move->>'attempt')::integer,
    lost = (p_move->>'lost')::boolean, inherited = inherited and target <> 'creating', seq = seq + 1,
    sentence = p_move->>'sentence', media_id = p_move->>'media_id',
    publishing_at = case target when 'creating' then null when 'publishing' then coalesce(publishing_at, now())
      else publishing_at end,
    phase_at = case when state <> target or attempt <> (p_move->>'attempt')::integer then now() else phase_at end,
    lease_until = now() + case target when 'in_doubt' then interval '5 minutes' else interval '75 seconds' end
  where chat_key = p_chat_key and item_id = p_item_id and version = p_version
  returning * into publish;
  perform note_publish(publish, p_move->'calls', p_worker);
  if (p_move->>'token_gone')::boolean then
    update accounts set token_gone = true where chat_key = p_chat_key and account_id = publish.account_id;
  end if;
  if target in ('published', 'refused', 'in_doubt') then
    perform end_publish(item, target, publish.sentence, p_worker);
    moved := true;
  elsif before.state <> target and target <> 'ready' then
    update items set revision = revision + 1 where chat_key = p_chat_key and item_id = p_item_id;
    perform claim_cards(p_chat_key, p_item_id, item.revision + 1, p_worker);
    moved := true;
  end if;
  return jsonb_build_object('publish', publish_line(publish),
    'row', case when moved then item_row(p_chat_key, p_item_id) end);
end $$;

create or replace function recover(p_worker text, p_everything boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  behind jsonb;
  again jsonb := '[]';
  unpublished jsonb;
begin
  with mine as (
    select chat_key, message_id from cards
    where shown < want and not gone and (claimed_until is null or claimed_until < now())
    order by claimed_until nulls first limit 200 for update skip locked
  ), claimed as (
    update cards k set claimed_by = p_worker, claimed_until = now() + interval '30 seconds'
    from mine where k.chat_key = mine.chat_key and k.message_id = mine.message_id
    returning k.chat_key, k.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into behind
  from (select distinct chat_key, item_id from claimed) as c;
  if p_everything then
    with claimed as (
      update cards k set claimed_by = p_worker, claimed_until = now() + interval '30 seconds', shown = -1 from items i
      where i.chat_key = k.chat_key and i.item_id = k.item_id and not k.gone and not k.retired
        and k.shown >= k.want and (k.claimed_until is null or k.claimed_until < now())
        and (i.state in ('in_review', 'publishing', 'in_doubt') or i.settled_at > now() - interval '10 minutes')
      returning k.chat_key, k.item_id
    )
    select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
    from (select distinct chat_key, item_id from claimed) as c;
  end if;
  with mine as (
    select chat_key, item_id from items i where state = 'publishing' and hold_until < now() and not exists (
      select from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id and p.version = i.version)
    limit 50 for update skip locked
  ), claimed as (
    update items i set held_by = p_worker, hold_until = now() + interval '75 seconds'
    from mine where i.chat_key = mine.chat_key and i.item_id = mine.item_id
    returning i.chat_key, i.item_id
  ), left_behind as (
    -- Fences out whoever held it; whoever takes it within 10 s goes on.
    update publishes p set owner = null, lease_until = now() + case p.state
      when 'in_doubt' then interval '25 minutes' else interval '10 seconds' end
    from (
      select q.chat_key, q.item_id, q.version from publishes q join items i using (chat_key, item_id)
      where q.lease_until < now() and (q.state in ('creating', 'container', 'ready', 'publishing')
        or q.state = 'in_doubt' and i.state = 'in_doubt' and i.version = q.version + 1)
      limit 50 for update of q skip locked) as q
    where p.chat_key = q.chat_key and p.item_id = q.item_id and p.version = q.version
    returning p.chat_key, p.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into unpublished
  from (select * from claimed union all select * from left_behind) as found;
  return jsonb_build_object('behind', behind, 'again', again, 'unpublished', unpublished, 'next_seconds', (
    select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
      select min(coalesce(claimed_until, now())) as at from cards where shown < want and not gone
      union all select min(hold_until) from items i where state = 'publishing' and not exists (
        select from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id and p.version = i.version)
      union all select min(lease_until) from publishes
        where state in ('creating', 'container', 'ready', 'publishing')) as moments));
end $$;

create or replace function item_row(p_chat_key bigint, p_item_id bigint) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'chat_key', i.chat_key, 'chat_id', c.chat_id, 'id', i.item_id, 'mark', i.mark, 'state', i.state, 'version', i.version,
    'revision', i.revision, 'due_at', i.due_at, 'timezone', c.timezone, 'live', c.live,
    'account', coalesce(i.account, c.account), 'note', i.note, 'late', i.late,
    'preflight', case when i.preflight_version = i.version and i.preflight_account is not distinct from c.account_id
      then i.preflight end, 'presented_at', i.presented_at, 'card_lost', card_lost(i),
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

drop trigger accounts_change_their_token on accounts;
drop function hint_at_token, note_is_outdated, finding_is_outdated, connection_of;
alter table items drop column preflight_connection, drop column note_once_connected, drop column note_version,
  drop column note_connection;
