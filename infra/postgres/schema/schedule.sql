-- The schedule: whose slot has come, which item expires, which change the log has still to tell, when to look again.
--
-- An item's slot is its `due_at`. `claim_due` chooses: it gives a worker one card of each chat that may have one now
-- (gap, pause and failed sends are in `next_card_at`; what was left behind by a move comes first, also in a paused
-- chat) and holds each for 60 s. Asked again with the same key it finds its claims again. A hold that ran out is a send
-- of unknown end: the item is claimed once more, and after the second one it counts as presented. Lines of the log that
-- no tap writes are rows of item_changes until they are told. Lock order: chats and items by skip locked, so two
-- workers share what is due and none waits. Callers: infra/postgres/schedule.py; `next_due_seconds` answers how long
-- the scheduler may sleep.

-- p_tells: this worker writes the lines of item_changes; one of a release before writes its own.
create or replace function claim_due(p_worker text, p_key text, p_tells boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare chat chats; item items; present jsonb := '[]'; expired jsonb := '[]'; lost jsonb := '[]'; changes jsonb := '[]';
begin
  with again as (
    update items set hold_until = now() + interval '60 seconds'
    where state = 'presenting' and held_by = p_worker and held_key = p_key returning chat_key, item_id)
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into present from again;
  with again as (
    update items set resend_at = now() + interval '60 seconds'
    where resend_at is not null and state not in ('waiting', 'presenting') and held_by = p_worker and held_key = p_key
    returning chat_key, item_id)
  select present || coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into present from again;
  for item in
    select i.* from items i join chats c using (chat_key)
    where i.state = 'in_review' and i.presented_at < now() - make_interval(hours => c.review_hours)
    order by i.presented_at limit 100 for update of i skip locked loop
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
        and (i.state = 'waiting' and i.set_aside is null and i.due_at <= now() or i.state = 'presenting' and i.hold_until <= now()))
      or exists (select from items i where i.chat_key = c.chat_key
        and i.resend_at <= now() and i.state not in ('waiting', 'presenting')))
    for update skip locked loop
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
      and (i.state = 'waiting' and i.set_aside is null and i.due_at <= now() or i.state = 'presenting' and i.hold_until <= now())
    order by i.due_at, i.item_id limit 1 for update skip locked;
    continue when not found;
    update items set state = 'presenting', came_from = item.state, came_by = 'claim', held_by = p_worker,
      held_key = p_key, hold_until = now() + interval '60 seconds',
      lost_sends = lost_sends + (item.state = 'presenting')::int
    where chat_key = item.chat_key and item_id = item.item_id;
    update chats set next_card_at = now() + make_interval(secs => gap_seconds) where chat_key = chat.chat_key;
    if item.state = 'presenting' and item.held_by is not null then
      perform note_failure(item, 'lost', 'its worker ended before it knew');
    end if;
    if item.state = 'presenting' and item.lost_sends >= 1 then
      -- Two sends of unknown end: it counts as presented, and the next card comes when a person asks.
      update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now(),
        hold_until = null, held_by = null where chat_key = item.chat_key and item_id = item.item_id;
      lost := lost || item_row(item.chat_key, item.item_id);
    else
      present := present || item_row(item.chat_key, item.item_id);
    end if;
  end loop;
  if p_tells then changes := claim_changes(p_worker, p_key); end if;
  return jsonb_build_object('changes', changes, 'present', present, 'expired', expired, 'lost', lost,
    'next_seconds', next_due_seconds());
end $$;

-- Seconds until the schedule has something to do again; null: nothing is planned (greatest would make a 0 of it).
create or replace function next_due_seconds() returns double precision language sql stable as $$
  select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
    select greatest(min(i.due_at), c.next_card_at) as at from items i join chats c using (chat_key)
      where i.state = 'waiting' and i.set_aside is null and not c.paused group by c.chat_key, c.next_card_at
    union all select greatest(min(i.hold_until), c.next_card_at) from items i join chats c using (chat_key)
      where i.state = 'presenting' and not c.paused group by c.chat_key, c.next_card_at
    union all select greatest(min(i.resend_at), c.next_card_at) from items i join chats c using (chat_key)
      where i.resend_at is not null and i.state not in ('waiting', 'presenting') group by c.chat_key, c.next_card_at
    union all
    select min(i.presented_at + make_interval(hours => c.review_hours)) from items i join chats c using (chat_key)
    where i.state = 'in_review' union all select min(coalesce(told_until, now())) from item_changes) as moments $$;

-- How a rehearsal ended; a tap that settled the item meanwhile keeps it, and a second run finds the version moved on.
create or replace function store_outcome(p_chat_key bigint, p_item_id bigint, p_version integer, p_step text,
  p_note text, p_worker text) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare chat chats; item items;
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

create or replace function note_change(p_item items, p_change text, p_cause text) returns void language sql as $$
  insert into item_changes (chat_key, item_id, change, cause, state, version)
  values (p_item.chat_key, p_item.item_id, p_change, p_cause, p_item.state, p_item.version) $$;

-- Asked again with the same key it answers the same.
create or replace function claim_changes(p_worker text, p_key text) returns jsonb language plpgsql as $$
declare change item_changes; told jsonb := '[]';
begin
  for change in select * from item_changes
    where told_until is null or told_until < now() or told_by = p_worker and told_key = p_key
    order by chat_key, number limit 200 for update skip locked loop
    update item_changes set told_by = p_worker, told_key = p_key, told_until = now() + interval '60 seconds'
    where chat_key = change.chat_key and number = change.number;
    told := told || jsonb_build_object('chat_key', change.chat_key, 'number', change.number,
      'chat_id', (select chat_id from chats where chat_key = change.chat_key), 'item_id', change.item_id,
      'change', change.change, 'cause', case when change.told_by <> p_worker then 'recovered' else change.cause end,
      'state', change.state, 'version', change.version);
  end loop;
  return told;
end $$;

create or replace function changes_told(p_worker text, p_key text) returns jsonb language sql as $$
  with told as (delete from item_changes where told_by = p_worker and told_key = p_key returning 1)
  select to_jsonb(count(*)) from told $$;
