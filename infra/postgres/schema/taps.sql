-- A tap, the function record_tap: one statement, one commit, and the same answer however often it is asked.
--
-- It stores the tap's key with its verdict and does all that the verdict means: the decision and its event,
-- late lines, counters, locks, the start or the end of a publish, and the claim of the next edit of each card. An
-- attempt that comes later finds the key, also after `close_tap`, which stores it as refused for a tap that could not
-- be recorded in time. Order of verdicts: unknown chat, no right, another item's button, missing item, stale, recorded.
-- Lock order: item, tap, publish, card. The item's lock makes the attempts of one tap wait for each other; a person
-- without the right takes none of it. Callers: infra/postgres/taps.py; others move items by `decide_item`.

create or replace function may_tap(p_chat chats, p_user bigint) returns boolean language sql stable as $$
  select not p_chat.restricted or exists (
    select from members where chat_key = p_chat.chat_key and user_id = p_user and role is not null) $$;

-- Why this button is not one of the item (null: it is). Its mark decides. A message that no row knows is a card of the
-- item only if it shows that mark itself, as Telegram says; a button without a mark, as earlier versions wrote it, is
-- good on a known card alone. Message ids of the group that was say nothing in the one that is.
create or replace function whose_button(p_chat chats, p_item items, p_chat_id bigint, p_message bigint, p_mark text,
  p_shown boolean) returns text language sql stable as $$
  select case
    when p_item.item_id is null then null
    when p_mark <> p_item.mark then 'earlier_queue'
    when known.item_id <> p_item.item_id then 'another_item'
    when known.item_id is null and (p_mark is null or not p_shown) then 'unknown_message' end
  from (select (select item_id from cards where chat_key = p_chat.chat_key and message_id = p_message
    and p_chat.chat_id = p_chat_id) as item_id) as known $$;

-- Move an item by a decision; the caller holds its row lock and has checked that the step exists.
create or replace function decide_item(p_item items, p_step text, p_user bigint, p_name text, p_tap text, p_note text,
  p_worker text) returns void language plpgsql as $$
declare target text := next_state(p_item.state, p_step);
begin
  update items set state = target, came_from = state, came_by = p_step, version = version + 1, revision = revision + 1,
    settled_step = p_step, settled_by = p_user, settled_name = p_name, settled_at = now(),
    settled_tap = coalesce(p_tap, case when p_user is not null then settled_tap end),
    note = p_note, late = '[]', held_by = case when target = 'publishing' then p_worker end,
    hold_until = case when target = 'publishing' then now() + interval '75 seconds' end,
    presented_at = case when target = 'in_review' then now() else presented_at end
  where chat_key = p_item.chat_key and item_id = p_item.item_id;
  insert into item_events (chat_key, item_id, version, step, from_state, to_state, user_id, user_name, tap_id, note)
  values (p_item.chat_key, p_item.item_id, p_item.version + 1, p_step, p_item.state, target,
    p_user, p_name, p_tap, p_note);
  perform claim_cards(p_item.chat_key, p_item.item_id, p_item.revision + 1, p_worker);
end $$;

-- What a settled story means for its media and for the chat: counters and locks, in the same commit.
create or replace function count_and_lock(p_chat chats, p_item items, p_target text) returns void language plpgsql as $$
declare days integer := case p_target when 'posted' then p_chat.repost_days when 'skipped' then p_chat.skip_days end;
begin
  if p_target = 'posted' then
    update media set posted = posted + 1 where chat_key = p_item.chat_key and media_id = p_item.media_id;
  end if;
  if p_target in ('posted', 'skipped', 'rejected') then
    insert into locks (chat_key, media_id, kind, until, item_id) values (p_item.chat_key, p_item.media_id, p_target,
      case when p_target = 'rejected' then 'infinity' else now() + make_interval(days => days) end, p_item.item_id)
    on conflict (chat_key, media_id, kind) do update
      set until = greatest(locks.until, excluded.until), item_id = excluded.item_id, at = now();
  end if;
end $$;

-- A refused tap is named on the card (the newest ten: several come between two edits), so that each loser is seen there.
create or replace function tell_loser(p_item items, p_step text, p_name text, p_why text, p_worker text) returns void
language plpgsql as $$
declare line jsonb := jsonb_build_object('step', p_step, 'name', p_name, 'why', p_why, 'at', now());
begin
  update items set revision = revision + 1, late = (
    select jsonb_agg(l order by n) from (
      select l, n from jsonb_array_elements(p_item.late || jsonb_build_array(line)) with ordinality as t (l, n)
      order by n desc limit 10) newest) where chat_key = p_item.chat_key and item_id = p_item.item_id;
  perform claim_cards(p_item.chat_key, p_item.item_id, p_item.revision + 1, p_worker);
end $$;

-- What one person was refused in one chat: the newest ten keep their keys, so that a late attempt finds its own, and no
-- flood fills the disk. `p_also`: of a person without the right, 'refused' as well. What another tap deletes is its.
create or replace function keep_few_refusals(p_chat_key bigint, p_user bigint, p_also text default null) returns void
language sql as $$
  delete from taps where (chat_key, tap_id) in (
    select chat_key, tap_id from taps where chat_key = p_chat_key and user_id = p_user
      and outcome in ('forbidden', 'gone', 'refused') and (outcome <> 'refused' or p_also = 'refused')
      order by at desc, tap_id desc offset 10 for update skip locked) $$;

-- What one more tap means for the counters of its person.
create or replace function count_tap(p_chat_key bigint, p_user bigint, p_name text, p_target text) returns void
language sql as $$
  insert into members (chat_key, user_id, name, taps, posted, skipped, rejected)
  values (p_chat_key, p_user, p_name, 1, (p_target is not distinct from 'posted')::int,
    (p_target is not distinct from 'skipped')::int, (p_target is not distinct from 'rejected')::int)
  on conflict (chat_key, user_id) do update set name = excluded.name, taps = members.taps + 1,
    posted = members.posted + excluded.posted, skipped = members.skipped + excluded.skipped,
    rejected = members.rejected + excluded.rejected $$;

-- The answer to a person who may not tap. An earlier release's worker needs an item to draw: a missing one is told.
create or replace function refused_row(p_chat_key bigint, p_item_id bigint) returns jsonb language sql stable as $$
  select jsonb_build_object('barred', true, 'row', row,
    'outcome', case when row is null then 'gone' else 'forbidden' end)
  from (select item_row(p_chat_key, p_item_id) as row) as found $$;

-- Who may not tap is refused before the item is looked at: nothing of it is locked, claimed or changed.
create or replace function record_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
  p_item_id bigint, p_version integer, p_step text, p_worker text, p_mark text, p_shown boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare chat chats; item items; target text; verdict text; stored text; too_late boolean; why text;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then select * into chat from chats where moved_from = p_chat_id; end if;
  if not found then return jsonb_build_object('outcome', 'gone'); end if;
  if not may_tap(chat, p_user) then
    insert into taps (chat_key, tap_id, item_id, message_id, user_id, user_name, step, version, outcome)
    values (chat.chat_key, p_tap, p_item_id, p_message, p_user, p_name, p_step, p_version, 'forbidden')
    on conflict (chat_key, tap_id) do nothing;
    if found then
      perform keep_few_refusals(chat.chat_key, p_user, 'refused');
      perform count_tap(chat.chat_key, p_user, p_name, null);
    end if;
    select outcome into stored from taps where chat_key = chat.chat_key and tap_id = p_tap;
    if stored = 'forbidden' then return refused_row(chat.chat_key, p_item_id); end if;
    -- Decided while the person still had the right: its end is told.
  end if;
  select * into item from items where chat_key = chat.chat_key and item_id = p_item_id for update;
  why := whose_button(chat, item, p_chat_id, p_message, p_mark, p_shown);
  if why is not null and not exists (select from taps where chat_key = chat.chat_key and tap_id = p_tap) then
    return jsonb_build_object('outcome', 'unknown', 'why', why, 'row', item_row(chat.chat_key, p_item_id));
  end if;
  target := next_state(item.state, p_step);
  -- The item's lock orders this and the step that marks the publish call: one of the two comes first.
  too_late := item.state = 'publishing' and exists (select from publishes where chat_key = chat.chat_key
    and item_id = p_item_id and version = item.version and state = 'publishing');
  if too_late then target := null; end if;
  verdict := case
    when item.item_id is null then 'gone'
    when item.version <> p_version or target is null then 'stale'
    else 'recorded' end;
  insert into taps (chat_key, tap_id, item_id, message_id, user_id, user_name, step, version, outcome)
  values (chat.chat_key, p_tap, p_item_id, p_message, p_user, p_name, p_step, p_version, verdict)
  on conflict (chat_key, tap_id) do nothing;
  if not found then
    select outcome into stored from taps where chat_key = chat.chat_key and tap_id = p_tap;
    if stored = 'forbidden' then return refused_row(chat.chat_key, p_item_id); end if;
    -- The worker of the attempt before may be dead: the card is ours to draw now. A refusal stands on no card.
    if stored in ('recorded', 'stale') then
      perform claim_cards(chat.chat_key, p_item_id, item.revision, p_worker);
    end if;
    return jsonb_build_object('outcome', stored, 'replayed', true, 'row', item_row(chat.chat_key, p_item_id));
  end if;
  if verdict = 'gone' then
    perform keep_few_refusals(chat.chat_key, p_user);
    return jsonb_build_object('outcome', 'gone');
  end if;
  -- Who taps on a message sees it: one that refused an edit before (the bot was removed for a while) is drawn again. A
  -- message of the old group is no card in the new one: its item has its card sent there, so that the tap is told.
  insert into cards (chat_key, message_id, item_id)
  select chat_key, p_message, p_item_id from chats where chat_key = chat.chat_key and chat_id = p_chat_id
  on conflict (chat_key, message_id) do update set gone = false where cards.gone and cards.item_id = excluded.item_id;
  if item.resend_at is not null or chat.chat_id <> p_chat_id then
    -- Looked at again: the group may have moved while this waited for the item.
    update items set resend_at = case when not exists (
      select from chats where chat_key = item.chat_key and chat_id = p_chat_id) then coalesce(resend_at, now()) end
    where chat_key = item.chat_key and item_id = item.item_id;
  end if;
  if verdict = 'recorded' then
    if p_step = 'auto_post' then
      update items set account = chat.account where chat_key = item.chat_key and item_id = item.item_id;
    end if;
    if item.state = 'publishing' then perform cancel_publish(item, p_worker); end if;
    if target = 'publishing' and chat.live then perform start_publish(item, chat, p_worker); end if;
    perform decide_item(item, p_step, p_user, p_name, p_tap, null, p_worker);
    perform count_and_lock(chat, item, target);
  else
    -- A decision that was never made has been seen: the card is of a time that the database has lost.
    perform tell_loser(item, p_step, p_name,
      case when p_version > item.version then 'lost' when too_late then 'publishing'
        when target is null or item.state in ('publishing', 'in_doubt') then 'late' else 'old' end, p_worker);
  end if;
  perform count_tap(chat.chat_key, p_user, p_name, case when verdict = 'recorded' then target end);
  return jsonb_build_object('outcome', verdict, 'row', item_row(chat.chat_key, p_item_id));
end $$;

-- The tap could not be recorded within its time: its key is stored as refused, or tells what it holds already.
create or replace function close_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
  p_item_id bigint, p_version integer, p_step text, p_mark text, p_shown boolean) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare chat chats; item items; stored text; why text;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then select * into chat from chats where moved_from = p_chat_id; end if;
  if not found then return jsonb_build_object('outcome', 'gone'); end if;
  insert into taps (chat_key, tap_id, item_id, message_id, user_id, user_name, step, version, outcome)
  values (chat.chat_key, p_tap, p_item_id, p_message, p_user, p_name, p_step, p_version, 'refused')
  on conflict (chat_key, tap_id) do nothing;
  if found and not may_tap(chat, p_user) then perform keep_few_refusals(chat.chat_key, p_user, 'refused'); end if;
  select outcome into stored from taps where chat_key = chat.chat_key and tap_id = p_tap;
  select * into item from items where chat_key = chat.chat_key and item_id = p_item_id;
  why := whose_button(chat, item, p_chat_id, p_message, p_mark, p_shown);
  if stored = 'refused' and why is not null then
    return jsonb_build_object('outcome', 'unknown', 'why', why, 'row', item_row(chat.chat_key, p_item_id));
  end if;
  return jsonb_build_object('outcome', stored, 'replayed', true, 'row', item_row(chat.chat_key, p_item_id));
end $$;

-- One that shows the item's mark, or has it already, becomes a card of it. Answers why not, and the item.
create or replace function adopt_card(p_chat_id bigint, p_message bigint, p_item_id bigint, p_mark text,
  p_shown boolean) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare chat chats; item items; why text;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then select * into chat from chats where moved_from = p_chat_id; end if;
  select * into item from items where chat_key = chat.chat_key and item_id = p_item_id;
  why := case when item.item_id is null then 'no_such_item'
    else whose_button(chat, item, p_chat_id, p_message, p_mark, p_shown) end;
  if why is null and chat.chat_id = p_chat_id then
    insert into cards (chat_key, message_id, item_id) values (chat.chat_key, p_message, p_item_id)
    on conflict (chat_key, message_id) do update set gone = false where cards.gone and cards.item_id = excluded.item_id;
  end if;
  return jsonb_build_object('why', why, 'row', item_row(chat.chat_key, p_item_id));
end $$;

create or replace function load_row(p_chat_id bigint, p_item_id bigint) returns jsonb language sql stable as $$
  select item_row(chat_key, p_item_id) from chats where chat_id = p_chat_id $$;

-- For a press that decides nothing: may its message be drawn for this person? Without the right it becomes no card.
create or replace function look_at_button(p_chat_id bigint, p_message bigint, p_item_id bigint, p_user bigint,
  p_mark text, p_shown boolean) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare chat chats;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then select * into chat from chats where moved_from = p_chat_id; end if;
  if chat.restricted and not may_tap(chat, p_user) then
    return jsonb_build_object('may', false, 'row', item_row(chat.chat_key, p_item_id));
  end if;
  return adopt_card(p_chat_id, p_message, p_item_id, p_mark, p_shown) || jsonb_build_object('may', true);
end $$;
