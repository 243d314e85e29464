-- A late attempt of a tap that was refused claims no card: a person without the right could hold up its next edit
-- depends: 0030_drawn_once_more

-- migrate: apply

-- As before; but only a repetition of what changed the item has its card to draw.
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
    -- Whoever worked on it before may be dead: its card is ours to draw now. A refusal stands on no card.
    if stored in ('recorded', 'stale') then
      perform claim_cards(chat.chat_key, p_item_id, item.revision, p_worker);
    end if;
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

-- migrate: rollback

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
