-- Rights before anything else: what decides nothing asks for them, too, and a stranger leaves few rows
-- depends: 0028_refusals_by_the_chats_clock

-- migrate: apply

create index taps_refused on taps (chat_key, user_id, at) where outcome in ('forbidden', 'gone', 'refused');

-- As before, and: whether its chat asks for a role.
create or replace function item_row(p_chat_key bigint, p_item_id bigint) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'chat_key', i.chat_key, 'chat_id', c.chat_id, 'id', i.item_id, 'mark', i.mark, 'state', i.state, 'version', i.version,
    'revision', i.revision, 'due_at', i.due_at, 'timezone', c.timezone, 'live', c.live, 'restricted', c.restricted,
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

-- What one person was refused in one chat: the newest ten keep their keys, so that a late attempt finds its own, and no
-- flood fills the disk. `p_also`: of a person without the right, 'refused' as well. What another tap deletes is left to it.
create function keep_few_refusals(p_chat_key bigint, p_user bigint, p_also text default null) returns void language sql as $$
  delete from taps where (chat_key, tap_id) in (
    select chat_key, tap_id from taps where chat_key = p_chat_key and user_id = p_user
      and outcome in ('forbidden', 'gone', 'refused') and (outcome <> 'refused' or p_also = 'refused')
      order by at desc, tap_id desc offset 10 for update skip locked)
$$;

-- What one more tap means for the counters of its person.
create function count_tap(p_chat_key bigint, p_user bigint, p_name text, p_target text) returns void language sql as $$
  insert into members (chat_key, user_id, name, taps, posted, skipped, rejected)
  values (p_chat_key, p_user, p_name, 1, (p_target is not distinct from 'posted')::int,
    (p_target is not distinct from 'skipped')::int, (p_target is not distinct from 'rejected')::int)
  on conflict (chat_key, user_id) do update set name = excluded.name, taps = members.taps + 1,
    posted = members.posted + excluded.posted, skipped = members.skipped + excluded.skipped,
    rejected = members.rejected + excluded.rejected
$$;

-- The answer to a person who may not tap. An earlier version's worker, which needs an item to draw, hears of a missing one.
create function refused_row(p_chat_key bigint, p_item_id bigint) returns jsonb language sql stable as $$
  select jsonb_build_object('outcome', case when row is null then 'gone' else 'forbidden' end, 'barred', true, 'row', row)
  from (select item_row(p_chat_key, p_item_id) as row) as found
$$;

-- As before; but who may not tap is refused before the item is looked at: nothing of it is locked, claimed or changed.
create or replace function record_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
                           p_item_id bigint, p_version integer, p_step text, p_worker text,
                           p_mark text, p_shown boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
  target text;
  verdict text;
  stored text;
  too_late boolean;
  why text;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    select * into chat from chats where moved_from = p_chat_id;
  end if;
  if not found then
    return jsonb_build_object('outcome', 'gone');
  end if;
  if not may_tap(chat, p_user) then
    insert into taps (chat_key, tap_id, item_id, message_id, user_id, user_name, step, version, outcome)
    values (chat.chat_key, p_tap, p_item_id, p_message, p_user, p_name, p_step, p_version, 'forbidden')
    on conflict (chat_key, tap_id) do nothing;
    if found then
      perform keep_few_refusals(chat.chat_key, p_user, 'refused');
      perform count_tap(chat.chat_key, p_user, p_name, null);
    end if;
    select outcome into stored from taps where chat_key = chat.chat_key and tap_id = p_tap;
    if stored = 'forbidden' then
      return refused_row(chat.chat_key, p_item_id);
    end if;
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
  if too_late then
    target := null;
  end if;
  verdict := case
    when item.item_id is null then 'gone'
    when item.version <> p_version or target is null then 'stale'
    else 'recorded' end;
  insert into taps (chat_key, tap_id, item_id, message_id, user_id, user_name, step, version, outcome)
  values (chat.chat_key, p_tap, p_item_id, p_message, p_user, p_name, p_step, p_version, verdict)
  on conflict (chat_key, tap_id) do nothing;
  if not found then
    select outcome into stored from taps where chat_key = chat.chat_key and tap_id = p_tap;
    if stored = 'forbidden' then
      return refused_row(chat.chat_key, p_item_id);
    end if;
    -- Whoever worked on it before may be dead: its card is ours to draw now.
    perform claim_cards(chat.chat_key, p_item_id, item.revision, p_worker);
    return jsonb_build_object('outcome', stored, 'replayed', true, 'row', item_row(chat.chat_key, p_item_id));
  end if;
  if verdict = 'gone' then
    perform keep_few_refusals(chat.chat_key, p_user);
    return jsonb_build_object('outcome', 'gone');
  end if;
  -- Who taps on a message sees it: one that refused an edit before (the bot was removed for a while) is drawn again.
  -- A message of the old group is no card in the new one: its item has its card sent there, so that the tap is told.
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
    if item.state = 'publishing' then
      perform cancel_publish(item, p_worker);
    end if;
    if target = 'publishing' and chat.live then
      perform start_publish(item, chat, p_worker);
    end if;
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

-- As before; but who may not tap leaves few rows.
create or replace function close_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
                          p_item_id bigint, p_version integer, p_step text,
                          p_mark text, p_shown boolean) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  chat chats;
  item items;
  stored text;
  why text;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    select * into chat from chats where moved_from = p_chat_id;
  end if;
  if not found then
    return jsonb_build_object('outcome', 'gone');
  end if;
  insert into taps (chat_key, tap_id, item_id, message_id, user_id, user_name, step, version, outcome)
  values (chat.chat_key, p_tap, p_item_id, p_message, p_user, p_name, p_step, p_version, 'refused')
  on conflict (chat_key, tap_id) do nothing;
  if found and not may_tap(chat, p_user) then
    perform keep_few_refusals(chat.chat_key, p_user, 'refused');
  end if;
  select outcome into stored from taps where chat_key = chat.chat_key and tap_id = p_tap;
  select * into item from items where chat_key = chat.chat_key and item_id = p_item_id;
  why := whose_button(chat, item, p_chat_id, p_message, p_mark, p_shown);
  if stored = 'refused' and why is not null then
    return jsonb_build_object('outcome', 'unknown', 'why', why, 'row', item_row(chat.chat_key, p_item_id));
  end if;
  return jsonb_build_object('outcome', stored, 'replayed', true, 'row', item_row(chat.chat_key, p_item_id));
end $$;

-- As before, for a person: one without the right makes no message a card, and is told nothing but that.
create function look_at_button(p_chat_id bigint, p_message bigint, p_item_id bigint, p_user bigint,
                               p_mark text, p_shown boolean)
returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    select * into chat from chats where moved_from = p_chat_id;
  end if;
  if chat.restricted and not may_tap(chat, p_user) then
    return jsonb_build_object('may', false, 'row', item_row(chat.chat_key, p_item_id));
  end if;
  return look_at_button(p_chat_id, p_message, p_item_id, p_mark, p_shown) || jsonb_build_object('may', true);
end $$;

-- migrate: rollback

drop function look_at_button(bigint, bigint, bigint, bigint, text, boolean);
create or replace function record_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
                           p_item_id bigint, p_version integer, p_step text, p_worker text,
                           p_mark text, p_shown boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
  target text;
  verdict text;
  stored text;
  too_late boolean;
  why text;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    select * into chat from chats where moved_from = p_chat_id;
  end if;
  if not found then
    return jsonb_build_object('outcome', 'gone');
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
  -- A message of the old group is no card in the new one: its item has its card sent there, so that the tap is told.
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
    -- A decision that was never made has been seen: the card is of a time that the database has lost.
    perform tell_loser(item, p_step, p_name,
      case when p_version > item.version then 'lost' when too_late then 'publishing'
        when target is null or item.state in ('publishing', 'in_doubt') then 'late' else 'old' end, p_worker);
  end if;
  insert into members (chat_key, user_id, name, taps, posted, skipped, rejected)
  values (chat.chat_key, p_user, p_name, 1, (verdict = 'recorded' and target = 'posted')::int,
    (verdict = 'recorded' and target = 'skipped')::int, (verdict = 'recorded' and target = 'rejected')::int)
  on conflict (chat_key, user_id) do update set name = excluded.name, taps = members.taps + 1,
    posted = members.posted + excluded.posted, skipped = members.skipped + excluded.skipped,
    rejected = members.rejected + excluded.rejected;
  return jsonb_build_object('outcome', verdict, 'row', item_row(chat.chat_key, p_item_id));
end $$;
create or replace function close_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
                          p_item_id bigint, p_version integer, p_step text,
                          p_mark text, p_shown boolean) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  chat chats;
  item items;
  stored text;
  why text;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    select * into chat from chats where moved_from = p_chat_id;
  end if;
  if not found then
    return jsonb_build_object('outcome', 'gone');
  end if;
  insert into taps (chat_key, tap_id, item_id, message_id, user_id, user_name, step, version, outcome)
  values (chat.chat_key, p_tap, p_item_id, p_message, p_user, p_name, p_step, p_version, 'refused')
  on conflict (chat_key, tap_id) do nothing;
  select outcome into stored from taps where chat_key = chat.chat_key and tap_id = p_tap;
  select * into item from items where chat_key = chat.chat_key and item_id = p_item_id;
  why := whose_button(chat, item, p_chat_id, p_message, p_mark, p_shown);
  if stored = 'refused' and why is not null then
    return jsonb_build_object('outcome', 'unknown', 'why', why, 'row', item_row(chat.chat_key, p_item_id));
  end if;
  return jsonb_build_object('outcome', stored, 'replayed', true, 'row', item_row(chat.chat_key, p_item_id));
end $$;
drop function keep_few_refusals, count_tap, refused_row;
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
drop index taps_refused;
