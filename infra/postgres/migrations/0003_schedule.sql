-- The schedule: claim before sending, one card per chat and gap, nothing stranded
-- depends: 0002_taps

-- migrate: apply

-- Expire what nobody tapped, then claim at most one due item for each chat that is allowed a card now. Another
-- worker's rows are skipped, never waited for. An item that a crash left while its card was being sent comes again
-- when its hold has run out. p_key: when the answer was lost, the same look asked again finds what it had claimed.
create function claim_due(p_worker text, p_key text default null) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
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

-- Seconds until the schedule has something to do again; null: nothing is planned (greatest would make a 0 of it).
create function next_due_seconds() returns double precision language sql stable as $$
  select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
    select greatest(min(i.due_at), c.next_card_at) as at from items i join chats c using (chat_key)
      where i.state = 'waiting' and not c.paused group by c.chat_key, c.next_card_at
    union all
    select greatest(min(i.hold_until), c.next_card_at) from items i join chats c using (chat_key)
      where i.state = 'presenting' and not c.paused group by c.chat_key, c.next_card_at
    union all
    select min(i.presented_at + make_interval(hours => c.review_hours)) from items i join chats c using (chat_key)
      where i.state = 'in_review') as moments
$$;

-- The card is in the chat. Running it again changes nothing; a tap that was faster keeps its effect.
create function save_card(p_chat_key bigint, p_item_id bigint, p_message bigint, p_shown integer, p_file_id text,
                          p_worker text) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  item items;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now(),
    hold_until = null, held_by = null
  where chat_key = p_chat_key and item_id = p_item_id and state = 'presenting';
  insert into cards (chat_key, message_id, item_id, want, shown)
  values (p_chat_key, p_message, p_item_id, greatest(item.revision, p_shown), p_shown)
  on conflict (chat_key, message_id) do update set shown = greatest(cards.shown, excluded.shown),
    want = greatest(cards.want, excluded.want);
  update media set file_id = p_file_id
  where chat_key = p_chat_key and media_id = item.media_id and p_file_id is not null and file_id is distinct from p_file_id;
  update chats set failed_sends = 0 where chat_key = p_chat_key and failed_sends > 0;
  if item.revision > p_shown then
    perform claim_cards(p_chat_key, p_item_id, item.revision, p_worker);
  end if;
  return item_row(p_chat_key, p_item_id);
end $$;

-- The card was not sent, or (ambiguous) nobody knows. The item keeps its place, and its chat rests for as long as the
-- platform asked (p_pause_seconds), or 15 s, 30 s, 1 minute ... 32 minutes. A second run finds the hold given up.
create function send_failed(p_chat_key bigint, p_item_id bigint, p_worker text, p_ambiguous boolean, p_pause_seconds double precision)
returns jsonb language plpgsql set lock_timeout = '2s' as $$
declare
  item items;
  pause interval;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  if item.state = 'presenting' and item.held_by = p_worker then
    update chats set failed_sends = failed_sends + 1, next_card_at = greatest(next_card_at, now() + case
      when p_pause_seconds > 0 then make_interval(secs => p_pause_seconds)
      else interval '15 seconds' * power(2, least(failed_sends, 7)) end)
    where chat_key = p_chat_key;
    if not p_ambiguous then
      update items set state = 'waiting', came_from = 'presenting', came_by = 'send_failed', hold_until = null,
        held_by = null where chat_key = p_chat_key and item_id = p_item_id;
    elsif item.lost_sends >= 1 then
      update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now(),
        lost_sends = lost_sends + 1, hold_until = null, held_by = null
      where chat_key = p_chat_key and item_id = p_item_id;
    else
      -- claim_due counts the lost send when it claims the item again.
      update items set hold_until = now(), held_by = null where chat_key = p_chat_key and item_id = p_item_id;
    end if;
  end if;
  return item_row(p_chat_key, p_item_id);
end $$;

-- How a publish ended; whoever settled the item meanwhile keeps it, and a second run finds the version moved on.
create function store_outcome(p_chat_key bigint, p_item_id bigint, p_version integer, p_step text, p_note text,
                              p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  if item.version = p_version and next_state(item.state, p_step) is not null then
    select * into chat from chats where chat_key = p_chat_key;
    perform decide_item(item, p_step, item.settled_by, item.settled_name, null, p_note, p_worker);
    perform count_and_lock(chat, item, next_state(item.state, p_step));
  else
    perform claim_cards(p_chat_key, p_item_id, item.revision, p_worker);
  end if;
  return item_row(p_chat_key, p_item_id);
end $$;

-- migrate: rollback

drop function store_outcome, send_failed, save_card, next_due_seconds, claim_due;
