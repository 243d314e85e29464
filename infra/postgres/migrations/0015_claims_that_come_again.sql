-- A claim that is asked for again holds from now on; whoever left an answer behind is told of what it came to
-- depends: 0014_lost_claims

-- migrate: apply

-- As before; but what an earlier attempt claimed is held anew: its answer may have been on its way for longer than the
-- claim, and whoever sends a card has to hold its item.
create or replace function claim_due(p_worker text, p_key text default null) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
  present jsonb := '[]';
  expired jsonb := '[]';
begin
  with again as (
    update items set hold_until = now() + interval '60 seconds'
    where state = 'presenting' and held_by = p_worker and held_key = p_key returning chat_key, item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into present from again;
  for item in
    select i.* from items i join chats c using (chat_key)
    where i.state = 'in_review' and i.presented_at < now() - make_interval(hours => c.review_hours)
    order by i.presented_at limit 100 for update of i skip locked
  loop
    perform decide_item(item, 'expire', null, null, null, null, p_worker);
    expired := expired || item_row(item.chat_key, item.item_id);
  end loop;
  for chat in
    select c.* from chats c where not c.paused and c.next_card_at <= now() and exists (
      select from items i where i.chat_key = c.chat_key
        and (i.state = 'waiting' and i.due_at <= now() or i.state = 'presenting' and i.hold_until <= now()))
    for update skip locked
  loop
    select i.* into item from items i where i.chat_key = chat.chat_key
      and (i.state = 'waiting' and i.due_at <= now() or i.state = 'presenting' and i.hold_until <= now())
    order by i.due_at, i.item_id limit 1 for update skip locked;
    continue when not found;
    update items set state = 'presenting', came_from = item.state, came_by = 'claim', held_by = p_worker, held_key = p_key,
      hold_until = now() + interval '60 seconds', lost_sends = lost_sends + (item.state = 'presenting')::int
    where chat_key = item.chat_key and item_id = item.item_id;
    update chats set next_card_at = now() + make_interval(secs => gap_seconds) where chat_key = chat.chat_key;
    if item.state = 'presenting' and item.lost_sends >= 1 then
      -- Two sends of which nobody knows: it counts as presented, and the next card is a person's wish.
      update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now(),
        hold_until = null, held_by = null where chat_key = item.chat_key and item_id = item.item_id;
    else
      present := present || item_row(item.chat_key, item.item_id);
    end if;
  end loop;
  return jsonb_build_object('present', present, 'expired', expired, 'next_seconds', next_due_seconds());
end $$;

-- As before, with the same for a person's wish.
create or replace function present_next(p_chat_id bigint, p_message bigint, p_user bigint, p_name text, p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    return jsonb_build_object('verdict', 'unknown_chat');
  end if;
  if take_command(chat, p_message, 'next', p_user, p_name) then
    select i.* into item from items i where i.chat_key = chat.chat_key and (i.state = 'waiting'
      or i.state = 'presenting' and i.hold_until <= now() or i.state = 'in_review' and not has_card(i))
    order by i.due_at, i.item_id limit 1 for update skip locked;
    -- Looked at again under the row's lock: a card that was saved this very moment counts.
    update items i set state = 'presenting', came_from = item.state, came_by = 'claim', held_by = p_worker,
      held_key = 'next ' || p_message, hold_until = now() + interval '60 seconds', lost_sends = 0
    where i.chat_key = item.chat_key and i.item_id = item.item_id and not (i.state = 'in_review' and has_card(i));
    if found then
      update chats set next_card_at = greatest(next_card_at, now() + make_interval(secs => gap_seconds))
      where chat_key = chat.chat_key;
      perform judge_command(chat.chat_key, p_message, 'done', item.item_id);
    else
      select i.* into item from items i where i.chat_key = chat.chat_key and i.state in ('waiting', 'presenting')
      order by i.due_at, i.item_id limit 1;
      perform judge_command(chat.chat_key, p_message,
        case when item.item_id is null then 'nothing_waiting' else 'being_sent' end, item.item_id);
    end if;
  else
    update items set hold_until = now() + interval '60 seconds'
    where chat_key = chat.chat_key and state = 'presenting' and held_by = p_worker and held_key = 'next ' || p_message;
  end if;
  return told(chat.chat_key, p_message, p_worker);
end $$;

-- As before; but an attempt that comes late has nobody who waits for its answer, so every worker is told that there is
-- something to draw.
create or replace function acknowledge_cards(p_shown jsonb, p_worker text) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  lost integer;
begin
  with said as (
    select (s->>0)::bigint as chat_key, (s->>1)::bigint as message_id, max((s->>2)::int) as revision,
      bool_or((s->>3)::boolean) as gone
    from jsonb_array_elements(p_shown) as s group by 1, 2
  ), ours as (
    select k.chat_key, k.message_id, said.revision, said.gone,
      k.claimed_by is not distinct from p_worker as mine,
      (k.claimed_by is not distinct from p_worker and k.shown <> -2)
        or (k.claimed_by is null and k.shown = said.revision) as kept
    from cards k join said using (chat_key, message_id)
    order by k.chat_key, k.message_id for update of k
  ), written as (
    update cards k set gone = k.gone or ours.gone,
      shown = case when ours.kept then greatest(k.shown, ours.revision)
                   when ours.mine or k.claimed_by is null then -1 else -2 end,
      claimed_by = case when ours.mine and (not ours.kept or ours.revision >= k.want) then null else k.claimed_by end,
      claimed_until = case when (ours.mine and not ours.kept) or (ours.kept and ours.revision >= k.want) then null
                           else k.claimed_until end
    from ours where k.chat_key = ours.chat_key and k.message_id = ours.message_id
    returning ours.kept
  )
  select count(*) filter (where not kept) into lost from written;
  if lost > 0 then
    perform pg_notify('everytap', '');
  end if;
  return to_jsonb(lost);
end $$;

-- migrate: rollback

create or replace function claim_due(p_worker text, p_key text default null) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
  present jsonb := '[]';
  expired jsonb := '[]';
begin
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into present from items
  where state = 'presenting' and held_by = p_worker and held_key = p_key;
  for item in
    select i.* from items i join chats c using (chat_key)
    where i.state = 'in_review' and i.presented_at < now() - make_interval(hours => c.review_hours)
    order by i.presented_at limit 100 for update of i skip locked
  loop
    perform decide_item(item, 'expire', null, null, null, null, p_worker);
    expired := expired || item_row(item.chat_key, item.item_id);
  end loop;
  for chat in
    select c.* from chats c where not c.paused and c.next_card_at <= now() and exists (
      select from items i where i.chat_key = c.chat_key
        and (i.state = 'waiting' and i.due_at <= now() or i.state = 'presenting' and i.hold_until <= now()))
    for update skip locked
  loop
    select i.* into item from items i where i.chat_key = chat.chat_key
      and (i.state = 'waiting' and i.due_at <= now() or i.state = 'presenting' and i.hold_until <= now())
    order by i.due_at, i.item_id limit 1 for update skip locked;
    continue when not found;
    update items set state = 'presenting', came_from = item.state, came_by = 'claim', held_by = p_worker, held_key = p_key,
      hold_until = now() + interval '60 seconds', lost_sends = lost_sends + (item.state = 'presenting')::int
    where chat_key = item.chat_key and item_id = item.item_id;
    update chats set next_card_at = now() + make_interval(secs => gap_seconds) where chat_key = chat.chat_key;
    if item.state = 'presenting' and item.lost_sends >= 1 then
      -- Two sends of which nobody knows: it counts as presented, and the next card is a person's wish.
      update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now(),
        hold_until = null, held_by = null where chat_key = item.chat_key and item_id = item.item_id;
    else
      present := present || item_row(item.chat_key, item.item_id);
    end if;
  end loop;
  return jsonb_build_object('present', present, 'expired', expired, 'next_seconds', next_due_seconds());
end $$;

create or replace function present_next(p_chat_id bigint, p_message bigint, p_user bigint, p_name text, p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    return jsonb_build_object('verdict', 'unknown_chat');
  end if;
  if take_command(chat, p_message, 'next', p_user, p_name) then
    select i.* into item from items i where i.chat_key = chat.chat_key and (i.state = 'waiting'
      or i.state = 'presenting' and i.hold_until <= now() or i.state = 'in_review' and not has_card(i))
    order by i.due_at, i.item_id limit 1 for update skip locked;
    -- Looked at again under the row's lock: a card that was saved this very moment counts.
    update items i set state = 'presenting', came_from = item.state, came_by = 'claim', held_by = p_worker,
      held_key = 'next ' || p_message, hold_until = now() + interval '60 seconds', lost_sends = 0
    where i.chat_key = item.chat_key and i.item_id = item.item_id and not (i.state = 'in_review' and has_card(i));
    if found then
      update chats set next_card_at = greatest(next_card_at, now() + make_interval(secs => gap_seconds))
      where chat_key = chat.chat_key;
      perform judge_command(chat.chat_key, p_message, 'done', item.item_id);
    else
      select i.* into item from items i where i.chat_key = chat.chat_key and i.state in ('waiting', 'presenting')
      order by i.due_at, i.item_id limit 1;
      perform judge_command(chat.chat_key, p_message,
        case when item.item_id is null then 'nothing_waiting' else 'being_sent' end, item.item_id);
    end if;
  end if;
  return told(chat.chat_key, p_message, p_worker);
end $$;

create or replace function acknowledge_cards(p_shown jsonb, p_worker text) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  lost integer;
begin
  with said as (
    select (s->>0)::bigint as chat_key, (s->>1)::bigint as message_id, max((s->>2)::int) as revision,
      bool_or((s->>3)::boolean) as gone
    from jsonb_array_elements(p_shown) as s group by 1, 2
  ), ours as (
    select k.chat_key, k.message_id, said.revision, said.gone,
      k.claimed_by is not distinct from p_worker as mine,
      (k.claimed_by is not distinct from p_worker and k.shown <> -2)
        or (k.claimed_by is null and k.shown = said.revision) as kept
    from cards k join said using (chat_key, message_id)
    order by k.chat_key, k.message_id for update of k
  ), written as (
    update cards k set gone = k.gone or ours.gone,
      shown = case when ours.kept then greatest(k.shown, ours.revision)
                   when ours.mine or k.claimed_by is null then -1 else -2 end,
      claimed_by = case when ours.mine and (not ours.kept or ours.revision >= k.want) then null else k.claimed_by end,
      claimed_until = case when (ours.mine and not ours.kept) or (ours.kept and ours.revision >= k.want) then null
                           else k.claimed_until end
    from ours where k.chat_key = ours.chat_key and k.message_id = ours.message_id
    returning ours.kept
  )
  select count(*) filter (where not kept) into lost from written;
  return to_jsonb(lost);
end $$;
