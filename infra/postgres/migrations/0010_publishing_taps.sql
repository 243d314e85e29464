-- What taps, cards, the reconciler and the desk know of publishes
-- depends: 0009_publishes

-- migrate: apply

-- An item with all that drawing its card needs; `phase`: how far its publish is.
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

-- As before, and: Auto Post in a live chat starts a publish in the same commit; what takes an item away from one
-- cancels it, until its publish call is marked; from then on that is too late.
create or replace function record_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
                           p_item_id bigint, p_version integer, p_step text, p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
  target text;
  verdict text;
  stored text;
  too_late boolean;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    return jsonb_build_object('outcome', 'gone');
  end if;
  select * into item from items where chat_key = chat.chat_key and item_id = p_item_id for update;
  target := next_state(item.state, p_step);
  -- The item's lock orders this and the step that marks the publish call: one of the two comes first.
  too_late := item.state = 'publishing' and exists (select from publishes where chat_key = chat.chat_key
    and item_id = p_item_id and version = item.version and state = 'publishing');
  if too_late then
    target := null;
  end if;
  verdict := case
    when item.item_id is null then 'gone'
    when not may_tap(chat, p_user) then 'forbidden'
    when item.version <> p_version or target is null then 'stale'
    else 'recorded' end;
  insert into taps (chat_key, tap_id, item_id, message_id, user_id, user_name, step, version, outcome)
  values (chat.chat_key, p_tap, p_item_id, p_message, p_user, p_name, p_step, p_version, verdict)
  on conflict (chat_key, tap_id) do nothing;
  if not found then
    -- Whoever worked on it before may be dead: its card is ours to draw now.
    perform claim_cards(chat.chat_key, p_item_id, item.revision, p_worker);
    select outcome into stored from taps where chat_key = chat.chat_key and tap_id = p_tap;
    return jsonb_build_object('outcome', stored, 'replayed', true, 'row', item_row(chat.chat_key, p_item_id));
  end if;
  if verdict = 'gone' then
    return jsonb_build_object('outcome', 'gone');
  end if;
  -- Who taps on a message sees it: one that refused an edit before (the bot was removed for a while) is drawn again.
  insert into cards (chat_key, message_id, item_id) values (chat.chat_key, p_message, p_item_id)
  on conflict (chat_key, message_id) do update set gone = false where cards.gone;
  if verdict = 'recorded' then
    if p_step = 'auto_post' then
      update items set account = chat.account where chat_key = item.chat_key and item_id = item.item_id;
    end if;
    if item.state = 'publishing' then
      perform cancel_publish(item, p_worker);
    end if;
    if target = 'publishing' and chat.live then
      perform start_publish(item, chat, p_worker);
    end if;
    perform decide_item(item, p_step, p_user, p_name, p_tap, null, p_worker);
    perform count_and_lock(chat, item, target);
  elsif verdict = 'forbidden' then
    perform tell_loser(item, p_step, p_name, 'forbidden', p_worker);
  else
    perform tell_loser(item, p_step, p_name,
      case when too_late then 'publishing' when target is null or item.state in ('publishing', 'in_doubt') then 'late' else 'old' end, p_worker);
  end if;
  insert into members (chat_key, user_id, name, taps, posted, skipped, rejected)
  values (chat.chat_key, p_user, p_name, 1, (verdict = 'recorded' and target = 'posted')::int,
    (verdict = 'recorded' and target = 'skipped')::int, (verdict = 'recorded' and target = 'rejected')::int)
  on conflict (chat_key, user_id) do update set name = excluded.name, taps = members.taps + 1,
    posted = members.posted + excluded.posted, skipped = members.skipped + excluded.skipped,
    rejected = members.rejected + excluded.rejected;
  return jsonb_build_object('outcome', verdict, 'row', item_row(chat.chat_key, p_item_id));
end $$;

-- As before, and: publishes whose worker is gone, and, at most every 25 minutes, those in doubt.
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
    update cards k set claimed_by = p_worker, claimed_until = now() + interval '10 seconds'
    from mine where k.chat_key = mine.chat_key and k.message_id = mine.message_id
    returning k.chat_key, k.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into behind
  from (select distinct chat_key, item_id from claimed) as c;
  if p_everything then
    with claimed as (
      update cards k set claimed_by = p_worker, claimed_until = now() + interval '10 seconds', shown = -1 from items i
      where i.chat_key = k.chat_key and i.item_id = k.item_id and not k.gone and not k.retired
        and (k.claimed_until is null or k.claimed_until < now())
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

-- As before, and: every step of its publishes, with the calls to Instagram.
create or replace function why_item(p_item_id bigint) returns json language plpgsql stable set timezone = 'UTC' as $$
declare
  item items := find_item(p_item_id);
  happened json;
begin
  if item.item_id is null then
    return json_build_object('refused', 'unknown_item', 'item_id', p_item_id);
  end if;
  select json_agg(line order by at, place) into happened from (
    select item.created_at as at, 0 as place,
      json_build_object('id', item.item_id, 'what', 'queued', 'at', item.created_at, 'due_at', item.due_at) as line
    union all
    select k.sent_at, 1, json_build_object('id', item.item_id, 'what', 'card', 'at', k.sent_at,
      'message_id', k.message_id, 'shown', k.shown, 'want', k.want, 'gone', k.gone, 'retired', k.retired)
    from cards k where k.chat_key = item.chat_key and k.item_id = item.item_id
    union all
    select e.at, 2, json_build_object('id', item.item_id, 'what', 'decision', 'at', e.at, 'version', e.version,
      'step', e.step, 'from', e.from_state, 'to', e.to_state, 'user_id', e.user_id, 'user_name', e.user_name,
      'tap_id', e.tap_id, 'message_id', t.message_id, 'note', e.note)
    from item_events e left join taps t on t.chat_key = e.chat_key and t.tap_id = e.tap_id
    where e.chat_key = item.chat_key and e.item_id = item.item_id
    union all
    select t.at, 3, json_build_object('id', item.item_id, 'what', 'tap', 'at', t.at, 'version', t.version,
      'step', t.step, 'outcome', t.outcome, 'user_id', t.user_id, 'user_name', t.user_name,
      'tap_id', t.tap_id, 'message_id', t.message_id)
    from taps t where t.chat_key = item.chat_key and t.item_id = item.item_id and t.outcome <> 'recorded'
    union all
    select e.at, 4, json_build_object('id', item.item_id, 'what', 'publish', 'at', e.at, 'version', e.version,
      'seq', e.seq, 'state', e.state, 'container_id', e.container_id, 'attempt', e.attempt, 'calls', e.calls,
      'sentence', e.sentence, 'worker', e.worker, 'account', a.username, 'media_id', p.media_id,
      'permalink', p.permalink)
    from publish_events e join publishes p using (chat_key, item_id, version)
    left join accounts a on a.chat_key = p.chat_key and a.account_id = p.account_id
    where e.chat_key = item.chat_key and e.item_id = item.item_id
  ) as life;
  return json_build_array(item_line(item), happened);
end $$;

-- migrate: rollback

create or replace function item_row(p_chat_key bigint, p_item_id bigint) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'chat_key', i.chat_key, 'chat_id', c.chat_id, 'id', i.item_id, 'state', i.state, 'version', i.version,
    'revision', i.revision, 'due_at', i.due_at, 'timezone', c.timezone, 'live', c.live,
    'account', coalesce(i.account, c.account), 'note', i.note, 'late', i.late,
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

create or replace function record_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
                           p_item_id bigint, p_version integer, p_step text, p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
  target text;
  verdict text;
  stored text;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    return jsonb_build_object('outcome', 'gone');
  end if;
  select * into item from items where chat_key = chat.chat_key and item_id = p_item_id for update;
  target := next_state(item.state, p_step);
  verdict := case
    when item.item_id is null then 'gone'
    when not may_tap(chat, p_user) then 'forbidden'
    when item.version <> p_version or target is null then 'stale'
    else 'recorded' end;
  insert into taps (chat_key, tap_id, item_id, message_id, user_id, user_name, step, version, outcome)
  values (chat.chat_key, p_tap, p_item_id, p_message, p_user, p_name, p_step, p_version, verdict)
  on conflict (chat_key, tap_id) do nothing;
  if not found then
    -- Whoever worked on it before may be dead: its card is ours to draw now.
    perform claim_cards(chat.chat_key, p_item_id, item.revision, p_worker);
    select outcome into stored from taps where chat_key = chat.chat_key and tap_id = p_tap;
    return jsonb_build_object('outcome', stored, 'replayed', true, 'row', item_row(chat.chat_key, p_item_id));
  end if;
  if verdict = 'gone' then
    return jsonb_build_object('outcome', 'gone');
  end if;
  -- Who taps on a message sees it: one that refused an edit before (the bot was removed for a while) is drawn again.
  insert into cards (chat_key, message_id, item_id) values (chat.chat_key, p_message, p_item_id)
  on conflict (chat_key, message_id) do update set gone = false where cards.gone;
  if verdict = 'recorded' then
    if target = 'publishing' then
      update items set account = chat.account where chat_key = item.chat_key and item_id = item.item_id;
    end if;
    perform decide_item(item, p_step, p_user, p_name, p_tap, null, p_worker);
    perform count_and_lock(chat, item, target);
  elsif verdict = 'forbidden' then
    perform tell_loser(item, p_step, p_name, 'forbidden', p_worker);
  else
    perform tell_loser(item, p_step, p_name,
      case when target is null or item.state in ('publishing', 'in_doubt') then 'late' else 'old' end, p_worker);
  end if;
  insert into members (chat_key, user_id, name, taps, posted, skipped, rejected)
  values (chat.chat_key, p_user, p_name, 1, (verdict = 'recorded' and target = 'posted')::int,
    (verdict = 'recorded' and target = 'skipped')::int, (verdict = 'recorded' and target = 'rejected')::int)
  on conflict (chat_key, user_id) do update set name = excluded.name, taps = members.taps + 1,
    posted = members.posted + excluded.posted, skipped = members.skipped + excluded.skipped,
    rejected = members.rejected + excluded.rejected;
  return jsonb_build_object('outcome', verdict, 'row', item_row(chat.chat_key, p_item_id));
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
    update cards k set claimed_by = p_worker, claimed_until = now() + interval '10 seconds'
    from mine where k.chat_key = mine.chat_key and k.message_id = mine.message_id
    returning k.chat_key, k.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into behind
  from (select distinct chat_key, item_id from claimed) as c;
  if p_everything then
    with claimed as (
      update cards k set claimed_by = p_worker, claimed_until = now() + interval '10 seconds', shown = -1 from items i
      where i.chat_key = k.chat_key and i.item_id = k.item_id and not k.gone and not k.retired
        and (k.claimed_until is null or k.claimed_until < now())
        and (i.state in ('in_review', 'publishing', 'in_doubt') or i.settled_at > now() - interval '10 minutes')
      returning k.chat_key, k.item_id
    )
    select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
    from (select distinct chat_key, item_id from claimed) as c;
  end if;
  with mine as (
    select chat_key, item_id from items where state = 'publishing' and hold_until < now() limit 50 for update skip locked
  ), claimed as (
    update items i set held_by = p_worker, hold_until = now() + interval '75 seconds'
    from mine where i.chat_key = mine.chat_key and i.item_id = mine.item_id
    returning i.chat_key, i.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into unpublished from claimed;
  return jsonb_build_object('behind', behind, 'again', again, 'unpublished', unpublished, 'next_seconds', (
    select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
      select min(coalesce(claimed_until, now())) as at from cards where shown < want and not gone
      union all select min(hold_until) from items where state = 'publishing') as moments));
end $$;

create or replace function why_item(p_item_id bigint) returns json language plpgsql stable set timezone = 'UTC' as $$
declare
  item items := find_item(p_item_id);
  happened json;
begin
  if item.item_id is null then
    return json_build_object('refused', 'unknown_item', 'item_id', p_item_id);
  end if;
  select json_agg(line order by at, place) into happened from (
    select item.created_at as at, 0 as place,
      json_build_object('id', item.item_id, 'what', 'queued', 'at', item.created_at, 'due_at', item.due_at) as line
    union all
    select k.sent_at, 1, json_build_object('id', item.item_id, 'what', 'card', 'at', k.sent_at,
      'message_id', k.message_id, 'shown', k.shown, 'want', k.want, 'gone', k.gone, 'retired', k.retired)
    from cards k where k.chat_key = item.chat_key and k.item_id = item.item_id
    union all
    select e.at, 2, json_build_object('id', item.item_id, 'what', 'decision', 'at', e.at, 'version', e.version,
      'step', e.step, 'from', e.from_state, 'to', e.to_state, 'user_id', e.user_id, 'user_name', e.user_name,
      'tap_id', e.tap_id, 'message_id', t.message_id, 'note', e.note)
    from item_events e left join taps t on t.chat_key = e.chat_key and t.tap_id = e.tap_id
    where e.chat_key = item.chat_key and e.item_id = item.item_id
    union all
    select t.at, 3, json_build_object('id', item.item_id, 'what', 'tap', 'at', t.at, 'version', t.version,
      'step', t.step, 'outcome', t.outcome, 'user_id', t.user_id, 'user_name', t.user_name,
      'tap_id', t.tap_id, 'message_id', t.message_id)
    from taps t where t.chat_key = item.chat_key and t.item_id = item.item_id and t.outcome <> 'recorded'
  ) as life;
  return json_build_array(item_line(item), happened);
end $$;
