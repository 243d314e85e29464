-- The publishing saga: one row for each accepted Auto Post, each step one commit, one worker at a time.
--
-- creating, container, ready, publishing, then published, refused, in doubt or cancelled. A step is committed before
-- the call that it announces, `publishing` above all. The fence is (owner, token, seq): a step counts only under the
-- lease that it names and after the step that it names; asked again it finds itself done. A tap that takes the item
-- away before the publish call is marked cancels the saga; from then on a tap is too late. A lease runs 75 s, 25
-- minutes in doubt. Lock order: item, publish, card; the item moves in the same commit as the publish that ends.
-- Callers: infra/postgres/publishes.py; taps.sql starts and cancels, `recover` takes leases of the dead away.

create or replace function note_publish(p_publish publishes, p_calls jsonb, p_worker text, p_answers jsonb)
  returns void language sql as $$
  insert into publish_events
    (chat_key, item_id, version, seq, state, container_id, attempt, calls, sentence, worker, answers)
  values (p_publish.chat_key, p_publish.item_id, p_publish.version, p_publish.seq, p_publish.state,
    p_publish.container_id, p_publish.attempt, p_calls, p_publish.sentence, p_worker, p_answers) $$;

create or replace function publish_line(p_publish publishes) returns jsonb language sql stable as $$
  select jsonb_build_object('chat_key', c.chat_key, 'chat_id', c.chat_id, 'item_id', i.item_id,
    'version', p_publish.version, 'state', p_publish.state, 'owner', p_publish.owner, 'token', p_publish.token,
    'seq', p_publish.seq, 'container_id', p_publish.container_id, 'attempt', p_publish.attempt, 'lost', p_publish.lost,
    'inherited', p_publish.inherited, 'publishing_at', p_publish.publishing_at,
    'since_seconds', extract(epoch from now() - p_publish.phase_at),
    'first_call_seconds', coalesce(extract(epoch from now() - p_publish.publishing_at), 0),
    'containers', p_publish.containers, 'losses', p_publish.losses, 'refusal', p_publish.refusal,
    'story', jsonb_build_object('media_id', m.media_id, 'kind', m.kind, 'path', m.path, 'file_name', m.file_name,
      'title', m.title, 'caption', m.caption, 'file_id', m.file_id,
      'width', m.width, 'height', m.height, 'seconds', m.seconds, 'mentions', m.mentions,
      'made_by_ai', m.made_by_ai),
    'token_gone', coalesce(a.token_gone or a.removed, false),
    'account', case when a.account_id is not null then sealed_account(a) end)
  from items i join chats c using (chat_key) join media m using (chat_key, media_id)
  left join accounts a on a.chat_key = i.chat_key and a.account_id = p_publish.account_id
  where i.chat_key = p_publish.chat_key and i.item_id = p_publish.item_id $$;

-- Auto Post was accepted in a live chat, or people said that a story in doubt is not live. A container of which a
-- publish call was lost, or that was in doubt, is looked at first, whatever became of the publish that held it: people's
-- word is no proof, and no other container may be made while it could be live. After a switch to another account it is
-- left where it is, unless the doubt itself goes on. No worker holds it yet: the one that recorded the tap goes on,
-- after 10 s any.
create or replace function start_publish(p_item items, p_chat chats, p_worker text) returns void language plpgsql as $$
declare before publishes; publish publishes;
begin
  select * into before from publishes where chat_key = p_item.chat_key and item_id = p_item.item_id
  order by version desc limit 1;
  if before.container_id is null or not (before.state = 'in_doubt' and p_item.state = 'in_doubt'
      or before.state in ('refused', 'cancelled') and (before.lost or before.inherited)
        and before.account_id is not distinct from p_chat.account_id) then
    before := null;
  end if;
  insert into publishes (chat_key, item_id, version, account_id, state, container_id, inherited, lease_until)
  values (p_item.chat_key, p_item.item_id, p_item.version + 1,
    case when before.version is not null then before.account_id else p_chat.account_id end,
    case when before.version is not null then 'container' else 'creating' end,
    before.container_id, before.version is not null, now() + interval '10 seconds') returning * into publish;
  perform note_publish(publish, '[]', p_worker, '[]');
end $$;

-- A tap took the item away before the publish call; the worker that is at it is fenced out.
create or replace function cancel_publish(p_item items, p_worker text) returns void language plpgsql as $$
declare publish publishes;
begin
  update publishes set state = 'cancelled', owner = null, token = token + 1, seq = seq + 1, phase_at = now()
  where chat_key = p_item.chat_key and item_id = p_item.item_id and version = p_item.version
    and state in ('creating', 'container', 'ready') returning * into publish;
  if found then perform note_publish(publish, '[]', p_worker, '[]'); end if;
end $$;

-- Take the lease of an item's newest publish, if it is free. Asked again with the same owner it answers the same.
create or replace function take_publish(p_chat_key bigint, p_item_id bigint, p_owner text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare publish publishes;
begin
  select * into publish from publishes where chat_key = p_chat_key and item_id = p_item_id
  order by version desc limit 1 for update;
  if not found or publish.state not in ('creating', 'container', 'ready', 'publishing', 'in_doubt') then
    return jsonb_build_object('held', false);
  end if;
  if publish.owner is distinct from p_owner then
    if publish.owner is not null and publish.lease_until > now() then return jsonb_build_object('held', true); end if;
    update publishes set owner = p_owner, token = token + 1, seq = seq + 1, lost = lost or state = 'publishing',
      losses = losses + (state = 'publishing')::integer,
      lease_until = now() + case state when 'in_doubt' then interval '25 minutes' else interval '75 seconds' end
    where chat_key = p_chat_key and item_id = p_item_id and version = publish.version returning * into publish;
    perform note_publish(publish, '["taken over"]', p_owner, '[]');
  end if;
  return jsonb_build_object('publish', publish_line(publish));
end $$;

-- A step by the holder of the lease. A refusal of a token that was replaced meanwhile says nothing of the new one. A
-- note that asks for a connection is kept with what shall stand there once there is one.
create or replace function step_publish(p_chat_key bigint, p_item_id bigint, p_version integer, p_owner text,
  p_token bigint, p_seq integer, p_move jsonb, p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare item items; before publishes; publish publishes; target text := p_move->>'state'; moved boolean := false;
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
    losses = coalesce((p_move->>'losses')::integer, losses), refusal = p_move->>'refusal',
    containers = containers + (container_id is distinct from p_move->>'container_id'
      and p_move->>'container_id' is not null)::integer,
    -- A renewal of the lease leaves what the card says of the wait.
    sentence = coalesce(p_move->>'sentence', case when state = target and attempt = (p_move->>'attempt')::integer
      then sentence end),
    wait_until = case when p_move->>'wait_seconds' is not null
        then now() + (p_move->>'wait_seconds')::double precision * interval '1 second'
      when p_move->>'sentence' is null and state = target and attempt = (p_move->>'attempt')::integer then wait_until end,
    media_id = p_move->>'media_id',
    insights_due_at = case when target = 'published' and p_move->>'media_id' is not null
      then now() + interval '12 hours' end,
    publishing_at = case target when 'creating' then null when 'publishing' then coalesce(publishing_at, now())
      else publishing_at end,
    phase_at = case when state <> target or attempt <> (p_move->>'attempt')::integer then now() else phase_at end,
    lease_until = now() + case target when 'in_doubt' then interval '5 minutes' else interval '75 seconds' end
  where chat_key = p_chat_key and item_id = p_item_id and version = p_version returning * into publish;
  perform note_publish(publish, p_move->'calls', p_worker, coalesce(p_move->'answers', '[]'));
  select sealed_token <> decode(p_move->>'sealed_token', 'base64') into was_replaced from accounts
  where chat_key = p_chat_key and account_id = publish.account_id;
  was_replaced := coalesce(was_replaced, false);
  if (p_move->>'token_gone')::boolean then
    update accounts set token_gone = true
    where chat_key = p_chat_key and account_id = publish.account_id and not was_replaced;
  end if;
  if target in ('published', 'refused', 'in_doubt') then
    perform end_publish(item, target, publish.sentence, p_worker);
    update items set note_once_connected = p_move->>'once_connected', note_version = item.version + 1,
      note_connection = case when not was_replaced then connection_of(p_chat_key, publish.account_id) end
    where chat_key = p_chat_key and item_id = p_item_id and p_move->>'once_connected' is not null;
    moved := true;
  elsif before.state <> target and target <> 'ready' or before.wait_until is distinct from publish.wait_until then
    update items set revision = revision + 1 where chat_key = p_chat_key and item_id = p_item_id;
    perform claim_cards(p_chat_key, p_item_id, item.revision + 1, p_worker);
    moved := true;
  end if;
  return jsonb_build_object('publish', publish_line(publish),
    'row', case when moved then item_row(p_chat_key, p_item_id) end);
end $$;

-- The item's part of a publish's end, in the name of the person who asked for it.
create or replace function end_publish(p_item items, p_target text, p_note text, p_worker text) returns void
language plpgsql as $$
declare chat chats;
  step text := case p_target when 'published' then 'published' when 'refused' then 'publish_refused'
    else 'answer_lost' end;
begin
  select * into chat from chats where chat_key = p_item.chat_key;
  perform decide_item(p_item, step, p_item.settled_by, p_item.settled_name, null, p_note, p_worker);
  perform count_and_lock(chat, p_item, next_state(p_item.state, step));
end $$;

-- Where a published story can be seen: its card shows it. Asked again it draws the card once more.
create or replace function save_permalink(p_chat_key bigint, p_item_id bigint, p_version integer, p_permalink text,
  p_worker text) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare item items; before publishes; changed integer;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  select * into before from publishes
  where chat_key = p_chat_key and item_id = p_item_id and version = p_version for update;
  if before.version is null then return null; end if;
  changed := (before.permalink is distinct from p_permalink)::integer;
  update publishes set permalink = p_permalink
  where chat_key = p_chat_key and item_id = p_item_id and version = p_version;
  if item.state <> 'posted' or item.version <> p_version + 1 then return null; end if;
  update items set revision = revision + changed where chat_key = p_chat_key and item_id = p_item_id;
  perform claim_cards(p_chat_key, p_item_id, item.revision + changed, p_worker);
  return item_row(p_chat_key, p_item_id);
end $$;
