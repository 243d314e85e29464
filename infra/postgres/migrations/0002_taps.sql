-- A tap: one statement, one commit, the same answer however often it is asked
-- depends: 0001_tables

-- migrate: apply

-- An item with all that drawing its card needs.
create function item_row(p_chat_key bigint, p_item_id bigint) returns jsonb
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

-- A change that cards must show: the next edit of each is claimed for this worker (nobody: the reconciler finds it).
create function claim_cards(p_chat_key bigint, p_item_id bigint, p_revision integer, p_worker text) returns void
language sql as $$
  update cards set want = p_revision, claimed_by = p_worker,
    claimed_until = case when p_worker is not null then now() + interval '10 seconds' end
  where chat_key = p_chat_key and item_id = p_item_id and not retired
$$;

-- Move an item by a decision; the caller holds its row lock and has checked that the step exists.
create function decide_item(p_item items, p_step text, p_user bigint, p_name text, p_tap text, p_note text, p_worker text)
returns void language plpgsql as $$
declare
  target text := next_state(p_item.state, p_step);
begin
  update items set state = target, came_from = state, came_by = p_step, version = version + 1,
    revision = revision + 1, settled_step = p_step, settled_by = p_user, settled_name = p_name, settled_at = now(), settled_tap = coalesce(p_tap, case when p_user is not null then settled_tap end),
    note = p_note, late = '[]', held_by = case when target = 'publishing' then p_worker end,
    hold_until = case when target = 'publishing' then now() + interval '75 seconds' end,
    presented_at = case when target = 'in_review' then now() else presented_at end
  where chat_key = p_item.chat_key and item_id = p_item.item_id;
  insert into item_events (chat_key, item_id, version, step, from_state, to_state, user_id, user_name, tap_id, note)
  values (p_item.chat_key, p_item.item_id, p_item.version + 1, p_step, p_item.state, target, p_user, p_name, p_tap, p_note);
  perform claim_cards(p_item.chat_key, p_item.item_id, p_item.revision + 1, p_worker);
end $$;

-- What a settled story means for its media and for the chat: counters and locks, in the same commit.
create function count_and_lock(p_chat chats, p_item items, p_target text) returns void language plpgsql as $$
declare
  days integer := case p_target when 'posted' then p_chat.repost_days when 'skipped' then p_chat.skip_days end;
begin
  if p_target = 'posted' then
    update media set posted = posted + 1 where chat_key = p_item.chat_key and media_id = p_item.media_id;
  end if;
  if p_target in ('posted', 'skipped', 'rejected') then
    insert into locks (chat_key, media_id, kind, until, item_id)
    values (p_item.chat_key, p_item.media_id, p_target,
      case when p_target = 'rejected' then 'infinity' else now() + make_interval(days => days) end, p_item.item_id)
    on conflict (chat_key, media_id, kind) do update
      set until = greatest(locks.until, excluded.until), item_id = excluded.item_id, at = now();
  end if;
end $$;

create function may_tap(p_chat chats, p_user bigint) returns boolean language sql stable as $$
  select not p_chat.restricted or exists (
    select from members where chat_key = p_chat.chat_key and user_id = p_user and role is not null)
$$;

-- A refused tap is named on the card (the newest three), so that the loser always sees something new.
create function tell_loser(p_item items, p_step text, p_name text, p_why text, p_worker text) returns void
language plpgsql as $$
declare
  line jsonb := jsonb_build_object('step', p_step, 'name', p_name, 'why', p_why, 'at', now());
begin
  update items set revision = revision + 1, late = (
    select jsonb_agg(l order by n) from (
      select l, n from jsonb_array_elements(p_item.late || jsonb_build_array(line)) with ordinality as t (l, n)
      order by n desc limit 3) newest)
  where chat_key = p_item.chat_key and item_id = p_item.item_id;
  perform claim_cards(p_item.chat_key, p_item.item_id, p_item.revision + 1, p_worker);
end $$;

-- Lock order: item, tap, card. The item's lock makes the attempts of one tap wait for each other; the tap's key makes
-- a late attempt find what was decided, also after close_tap.
create function record_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
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

-- The last word on a tap whose attempts are unknown: its key is refused, or holds already what an attempt stored.
create function close_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
                          p_item_id bigint, p_version integer, p_step text) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  chat chats;
  stored text;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    return jsonb_build_object('outcome', 'gone');
  end if;
  insert into taps (chat_key, tap_id, item_id, message_id, user_id, user_name, step, version, outcome)
  values (chat.chat_key, p_tap, p_item_id, p_message, p_user, p_name, p_step, p_version, 'refused')
  on conflict (chat_key, tap_id) do nothing;
  select outcome into stored from taps where chat_key = chat.chat_key and tap_id = p_tap;
  return jsonb_build_object('outcome', stored, 'replayed', true, 'row', item_row(chat.chat_key, p_item_id));
end $$;

create function load_row(p_chat_id bigint, p_item_id bigint) returns jsonb language sql stable as $$
  select item_row(chat_key, p_item_id) from chats where chat_id = p_chat_id
$$;

-- migrate: rollback

drop function load_row, close_tap, record_tap, tell_loser, may_tap, count_and_lock, decide_item, claim_cards, item_row;
