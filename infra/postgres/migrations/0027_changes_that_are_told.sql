-- What changed an item without a worker that says so at once is told in the log by one worker, once
-- depends: 0026_connected_since

-- migrate: apply

-- A change that no line of the log tells yet. Whoever claims it writes the line, then deletes it; whoever died over it is
-- followed by another worker a minute later.
create table item_changes (
  chat_key bigint not null,
  number bigint generated always as identity,
  item_id bigint not null,
  change text not null check (change in ('queued', 'withdrawn', 'requeued', 'expired', 'moved')),
  cause text not null,
  state text not null,
  version integer not null,
  told_by text,
  told_key text,
  told_until timestamptz,
  primary key (chat_key, number),
  foreign key (chat_key, item_id) references items
);

create function note_change(p_item items, p_change text, p_cause text) returns void language sql as $$
  insert into item_changes (chat_key, item_id, change, cause, state, version)
  values (p_item.chat_key, p_item.item_id, p_change, p_cause, p_item.state, p_item.version)
$$;

-- Asked again with the same key it answers the same.
create function claim_changes(p_worker text, p_key text) returns jsonb language plpgsql as $$
declare
  change item_changes;
  told jsonb := '[]';
begin
  for change in select * from item_changes
    where told_until is null or told_until < now() or told_by = p_worker and told_key = p_key
    order by chat_key, number limit 200 for update skip locked
  loop
    update item_changes set told_by = p_worker, told_key = p_key, told_until = now() + interval '60 seconds'
    where chat_key = change.chat_key and number = change.number;
    told := told || jsonb_build_object('chat_key', change.chat_key, 'number', change.number,
      'chat_id', (select chat_id from chats where chat_key = change.chat_key), 'item_id', change.item_id,
      'change', change.change, 'cause', case when change.told_by <> p_worker then 'recovered' else change.cause end,
      'state', change.state, 'version', change.version);
  end loop;
  return told;
end $$;

create function changes_told(p_worker text, p_key text) returns jsonb language sql as $$
  with told as (delete from item_changes where told_by = p_worker and told_key = p_key returning 1)
  select to_jsonb(count(*)) from told
$$;

-- The command line's wishes: as those of people, and told by a worker.
create function operator_queues(p_chat_id bigint, p_media_id bigint, p_due timestamptz, p_force boolean) returns json
language plpgsql set lock_timeout = '2s' as $$
declare
  line json := add_item(p_chat_id, p_media_id, p_due, p_force);
begin
  if line->>'refused' is null then
    perform note_change(find_item((line->>'id')::bigint), 'queued', 'command line');
  end if;
  return line;
end $$;

create function operator_removes(p_item_id bigint, p_by text) returns json
language plpgsql set lock_timeout = '2s' as $$
declare
  line json := remove_item(p_item_id, p_by);
begin
  if line->>'refused' is null then
    perform note_change(find_item(p_item_id), 'withdrawn', 'command line');
  end if;
  return line;
end $$;

create function operator_requeues(p_item_id bigint, p_due timestamptz, p_force boolean, p_by text) returns json
language plpgsql set lock_timeout = '2s' as $$
declare
  line json := requeue_item(p_item_id, p_due, p_force, p_by);
begin
  if line->>'refused' is null then
    perform note_change(find_item(p_item_id), 'requeued', 'command line');
  end if;
  return line;
end $$;

-- As before, and: each item whose card comes again is told.
create or replace function move_chat(p_old bigint, p_new bigint) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  chat chats;
begin
  select * into chat from chats where chat_id = p_old;
  if not found then
    return to_jsonb(case when exists (select from chats where chat_id = p_new and moved_from = p_old)
      then 'moved_before' else 'unknown_chat' end);
  end if;
  if p_new = p_old or exists (select from chats where chat_id = p_new and chat_key <> chat.chat_key) then
    return to_jsonb('taken'::text);
  end if;
  perform from items where chat_key = chat.chat_key
    and state in ('presenting', 'in_review', 'publishing', 'in_doubt') order by item_id for update;
  update chats set moved_from = null where moved_from = p_old and chat_key <> chat.chat_key;
  -- What held the chat back was its old id.
  update chats set chat_id = p_new, moved_from = p_old, failed_sends = 0,
    next_card_at = least(next_card_at, now() + make_interval(secs => gap_seconds))
  where chat_key = chat.chat_key and chat_id = p_old;
  if not found then
    return to_jsonb('moved_before'::text);
  end if;
  with moved as (
    update items i set resend_at = now(), lost_sends = 0 where i.chat_key = chat.chat_key
    and (i.state in ('in_review', 'publishing', 'in_doubt')
      or i.state not in ('waiting', 'presenting') and i.settled_at > now() - interval '10 minutes' and exists (
        select from cards k where k.chat_key = i.chat_key and k.item_id = i.item_id and (k.shown < k.want or k.gone)))
    returning i.*)
  insert into item_changes (chat_key, item_id, change, cause, state, version)
  select chat_key, item_id, 'moved', 'the group became a supergroup', state, version from moved;
  delete from cards where chat_key = chat.chat_key;
  delete from commands where chat_key = chat.chat_key;
  perform pg_notify('everytap', '');
  return to_jsonb('moved'::text);
end $$;

-- As before, and: changes that are to be told.
create or replace function next_due_seconds() returns double precision language sql stable as $$
  select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
    select greatest(min(i.due_at), c.next_card_at) as at from items i join chats c using (chat_key)
      where i.state = 'waiting' and not c.paused group by c.chat_key, c.next_card_at
    union all
    select greatest(min(i.hold_until), c.next_card_at) from items i join chats c using (chat_key)
      where i.state = 'presenting' and not c.paused group by c.chat_key, c.next_card_at
    union all
    select greatest(min(i.resend_at), c.next_card_at) from items i join chats c using (chat_key)
      where i.resend_at is not null and i.state not in ('waiting', 'presenting') group by c.chat_key, c.next_card_at
    union all
    select min(i.presented_at + make_interval(hours => c.review_hours)) from items i join chats c using (chat_key)
      where i.state = 'in_review'
    union all
    select min(coalesce(told_until, now())) from item_changes) as moments
$$;

-- As before, and: what is to be told, for a worker that tells it.
create function claim_due(p_worker text, p_key text, p_tells boolean) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
  present jsonb := '[]';
  expired jsonb := '[]';
  lost jsonb := '[]';
  changes jsonb := '[]';
begin
  with again as (
    update items set hold_until = now() + interval '60 seconds'
    where state = 'presenting' and held_by = p_worker and held_key = p_key returning chat_key, item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into present from again;
  with again as (
    update items set resend_at = now() + interval '60 seconds'
    where resend_at is not null and state not in ('waiting', 'presenting') and held_by = p_worker and held_key = p_key
    returning chat_key, item_id
  )
  select present || coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into present from again;
  for item in
    select i.* from items i join chats c using (chat_key)
    where i.state = 'in_review' and i.presented_at < now() - make_interval(hours => c.review_hours)
    order by i.presented_at limit 100 for update of i skip locked
  loop
    perform decide_item(item, 'expire', null, null, null,
      case when card_lost(item) then 'Nobody could tap: its card could not be shown.' end, p_worker);
    expired := expired || item_row(item.chat_key, item.item_id);
    if p_tells then
      item := find_item(item.item_id);
      perform note_change(item, 'expired', coalesce(item.note, 'nobody tapped'));
    end if;
  end loop;
  for chat in
    select c.* from chats c where c.next_card_at <= now() and (not c.paused and exists (
      select from items i where i.chat_key = c.chat_key
        and (i.state = 'waiting' and i.due_at <= now() or i.state = 'presenting' and i.hold_until <= now()))
      or exists (select from items i where i.chat_key = c.chat_key
        and i.resend_at <= now() and i.state not in ('waiting', 'presenting')))
    for update skip locked
  loop
    select i.* into item from items i where i.chat_key = chat.chat_key
      and i.resend_at <= now() and i.state not in ('waiting', 'presenting')
    order by i.due_at, i.item_id limit 1 for update skip locked;
    if found then
      update items set resend_at = now() + interval '60 seconds', held_by = p_worker, held_key = p_key
      where chat_key = item.chat_key and item_id = item.item_id;
      update chats set next_card_at = now() + make_interval(secs => gap_seconds) where chat_key = chat.chat_key;
      present := present || item_row(item.chat_key, item.item_id);
      continue;
    end if;
    continue when chat.paused;
    select i.* into item from items i where i.chat_key = chat.chat_key
      and (i.state = 'waiting' and i.due_at <= now() or i.state = 'presenting' and i.hold_until <= now())
    order by i.due_at, i.item_id limit 1 for update skip locked;
    continue when not found;
    update items set state = 'presenting', came_from = item.state, came_by = 'claim', held_by = p_worker, held_key = p_key,
      hold_until = now() + interval '60 seconds', lost_sends = lost_sends + (item.state = 'presenting')::int
    where chat_key = item.chat_key and item_id = item.item_id;
    update chats set next_card_at = now() + make_interval(secs => gap_seconds) where chat_key = chat.chat_key;
    if item.state = 'presenting' and item.held_by is not null then
      perform note_failure(item, 'lost', 'its worker ended before it knew');
    end if;
    if item.state = 'presenting' and item.lost_sends >= 1 then
      -- Two sends of which nobody knows: it counts as presented, and the next card is a person's wish.
      update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now(),
        hold_until = null, held_by = null where chat_key = item.chat_key and item_id = item.item_id;
      lost := lost || item_row(item.chat_key, item.item_id);
    else
      present := present || item_row(item.chat_key, item.item_id);
    end if;
  end loop;
  if p_tells then
    changes := claim_changes(p_worker, p_key);
  end if;
  return jsonb_build_object('changes', changes, 'present', present, 'expired', expired, 'lost', lost, 'next_seconds', next_due_seconds());
end $$;

-- For a worker of the release before, which tells by itself what has expired.
create or replace function claim_due(p_worker text, p_key text default null) returns jsonb language sql as $$
  select claim_due(p_worker, p_key, false)
$$;

-- As before, but what was not behind until now is drawn again, and not recovered: nobody died over it.
create or replace function recover(p_worker text, p_everything boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  behind jsonb;
  again jsonb := '[]';
  unpublished jsonb;
  item items;
  chat chats;
  was_behind boolean;
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
    was_behind := exists (select from cards where chat_key = item.chat_key and item_id = item.item_id and not gone
      and shown < want);
    perform claim_cards(item.chat_key, item.item_id, item.revision + 1, case when not was_behind then p_worker end);
    if not was_behind then
      update cards set claimed_until = now() + interval '30 seconds'
      where chat_key = item.chat_key and item_id = item.item_id and not retired;
      again := again || item_row(item.chat_key, item.item_id);
    end if;
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
    select again || coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
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

drop function claim_due(text, text, boolean);
create or replace function claim_due(p_worker text, p_key text default null) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
  present jsonb := '[]';
  expired jsonb := '[]';
  lost jsonb := '[]';
begin
  with again as (
    update items set hold_until = now() + interval '60 seconds'
    where state = 'presenting' and held_by = p_worker and held_key = p_key returning chat_key, item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into present from again;
  with again as (
    update items set resend_at = now() + interval '60 seconds'
    where resend_at is not null and state not in ('waiting', 'presenting') and held_by = p_worker and held_key = p_key
    returning chat_key, item_id
  )
  select present || coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into present from again;
  for item in
    select i.* from items i join chats c using (chat_key)
    where i.state = 'in_review' and i.presented_at < now() - make_interval(hours => c.review_hours)
    order by i.presented_at limit 100 for update of i skip locked
  loop
    perform decide_item(item, 'expire', null, null, null,
      case when card_lost(item) then 'Nobody could tap: its card could not be shown.' end, p_worker);
    expired := expired || item_row(item.chat_key, item.item_id);
  end loop;
  for chat in
    select c.* from chats c where c.next_card_at <= now() and (not c.paused and exists (
      select from items i where i.chat_key = c.chat_key
        and (i.state = 'waiting' and i.due_at <= now() or i.state = 'presenting' and i.hold_until <= now()))
      or exists (select from items i where i.chat_key = c.chat_key
        and i.resend_at <= now() and i.state not in ('waiting', 'presenting')))
    for update skip locked
  loop
    select i.* into item from items i where i.chat_key = chat.chat_key
      and i.resend_at <= now() and i.state not in ('waiting', 'presenting')
    order by i.due_at, i.item_id limit 1 for update skip locked;
    if found then
      update items set resend_at = now() + interval '60 seconds', held_by = p_worker, held_key = p_key
      where chat_key = item.chat_key and item_id = item.item_id;
      update chats set next_card_at = now() + make_interval(secs => gap_seconds) where chat_key = chat.chat_key;
      present := present || item_row(item.chat_key, item.item_id);
      continue;
    end if;
    continue when chat.paused;
    select i.* into item from items i where i.chat_key = chat.chat_key
      and (i.state = 'waiting' and i.due_at <= now() or i.state = 'presenting' and i.hold_until <= now())
    order by i.due_at, i.item_id limit 1 for update skip locked;
    continue when not found;
    update items set state = 'presenting', came_from = item.state, came_by = 'claim', held_by = p_worker, held_key = p_key,
      hold_until = now() + interval '60 seconds', lost_sends = lost_sends + (item.state = 'presenting')::int
    where chat_key = item.chat_key and item_id = item.item_id;
    update chats set next_card_at = now() + make_interval(secs => gap_seconds) where chat_key = chat.chat_key;
    if item.state = 'presenting' and item.held_by is not null then
      perform note_failure(item, 'lost', 'its worker ended before it knew');
    end if;
    if item.state = 'presenting' and item.lost_sends >= 1 then
      -- Two sends of which nobody knows: it counts as presented, and the next card is a person's wish.
      update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now(),
        hold_until = null, held_by = null where chat_key = item.chat_key and item_id = item.item_id;
      lost := lost || item_row(item.chat_key, item.item_id);
    else
      present := present || item_row(item.chat_key, item.item_id);
    end if;
  end loop;
  return jsonb_build_object('present', present, 'expired', expired, 'lost', lost, 'next_seconds', next_due_seconds());
end $$;

create or replace function next_due_seconds() returns double precision language sql stable as $$
  select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
    select greatest(min(i.due_at), c.next_card_at) as at from items i join chats c using (chat_key)
      where i.state = 'waiting' and not c.paused group by c.chat_key, c.next_card_at
    union all
    select greatest(min(i.hold_until), c.next_card_at) from items i join chats c using (chat_key)
      where i.state = 'presenting' and not c.paused group by c.chat_key, c.next_card_at
    union all
    select greatest(min(i.resend_at), c.next_card_at) from items i join chats c using (chat_key)
      where i.resend_at is not null and i.state not in ('waiting', 'presenting') group by c.chat_key, c.next_card_at
    union all
    select min(i.presented_at + make_interval(hours => c.review_hours)) from items i join chats c using (chat_key)
      where i.state = 'in_review') as moments
$$;

create or replace function move_chat(p_old bigint, p_new bigint) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  chat chats;
begin
  select * into chat from chats where chat_id = p_old;
  if not found then
    return to_jsonb(case when exists (select from chats where chat_id = p_new and moved_from = p_old)
      then 'moved_before' else 'unknown_chat' end);
  end if;
  if p_new = p_old or exists (select from chats where chat_id = p_new and chat_key <> chat.chat_key) then
    return to_jsonb('taken'::text);
  end if;
  perform from items where chat_key = chat.chat_key
    and state in ('presenting', 'in_review', 'publishing', 'in_doubt') order by item_id for update;
  update chats set moved_from = null where moved_from = p_old and chat_key <> chat.chat_key;
  -- What held the chat back was its old id.
  update chats set chat_id = p_new, moved_from = p_old, failed_sends = 0,
    next_card_at = least(next_card_at, now() + make_interval(secs => gap_seconds))
  where chat_key = chat.chat_key and chat_id = p_old;
  if not found then
    return to_jsonb('moved_before'::text);
  end if;
  update items i set resend_at = now(), lost_sends = 0 where i.chat_key = chat.chat_key
    and (i.state in ('in_review', 'publishing', 'in_doubt')
      or i.state not in ('waiting', 'presenting') and i.settled_at > now() - interval '10 minutes' and exists (
        select from cards k where k.chat_key = i.chat_key and k.item_id = i.item_id and (k.shown < k.want or k.gone)));
  delete from cards where chat_key = chat.chat_key;
  delete from commands where chat_key = chat.chat_key;
  perform pg_notify('everytap', '');
  return to_jsonb('moved'::text);
end $$;

drop function operator_requeues, operator_removes, operator_queues, changes_told, claim_changes, note_change;
drop table item_changes;
