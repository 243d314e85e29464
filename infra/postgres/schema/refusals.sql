-- What becomes of a card that Telegram refuses to take: its story is set aside, or its chat pauses and is tried again.
--
-- `set_story_aside`: it is the picture's or the caption's fault. The item waits, `set_aside` holds Telegram's words, and
-- the schedule passes it over until people bring it back (/next, /requeue, `queue requeue`); the chat's next card comes.
-- `pause_refused_chat`: the bot may not send there now. No story is at fault: the item keeps its place, and the chat is
-- tried again after 1, 2, 4 ... 64 minutes, or when the platform tells that the bot's rights have changed
-- (`reopen_chat`). A second run finds no hold. Lock order: item, chat, card. Callers: infra/postgres/refusals.py.

-- One that was left behind by a move is passed over, too; but a doubt has to be decided on a card, so it is tried again.
create or replace function set_story_aside(p_chat_key bigint, p_item_id bigint, p_worker text, p_reason text)
  returns jsonb language plpgsql set lock_timeout = '2s' as $$
declare item items;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  if item.held_by = p_worker and (item.state = 'presenting' or item.resend_at is not null) then
    perform note_failure(item, 'refused', p_reason);
    if item.state = 'presenting' then
      update items set state = 'waiting', came_from = 'presenting', came_by = 'send_failed', hold_until = null,
        held_by = null, set_aside = p_reason where chat_key = p_chat_key and item_id = p_item_id;
    else
      update items set held_by = null, set_aside = p_reason,
        resend_at = case when state in ('publishing', 'in_doubt') then now() + interval '1 hour' end
      where chat_key = p_chat_key and item_id = p_item_id;
    end if;
  end if;
  return item_row(p_chat_key, p_item_id);
end $$;

-- A refusal in the group of before a move says nothing of the new one. `begins`: the chat took cards until now.
create or replace function pause_refused_chat(p_chat_key bigint, p_item_id bigint, p_worker text, p_reason text,
  p_chat_id bigint) returns jsonb language plpgsql set lock_timeout = '2s' as $$
declare item items; chat chats; begins boolean := false;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  if item.held_by = p_worker and (item.state = 'presenting' or item.resend_at is not null) then
    perform note_failure(item, 'refused', p_reason);
    select * into chat from chats where chat_key = p_chat_key and chat_id = p_chat_id for update;
    begins := found and chat.refused is null;
    update chats set refused = p_reason, refused_at = coalesce(refused_at, now()), failed_sends = failed_sends + 1,
      next_card_at = greatest(next_card_at, now() + interval '1 minute' * power(2, least(failed_sends, 6)))
    where chat_key = p_chat_key and chat_id = p_chat_id;
    if item.state = 'presenting' then
      update items set state = 'waiting', came_from = 'presenting', came_by = 'send_failed', hold_until = null,
        held_by = null where chat_key = p_chat_key and item_id = p_item_id;
    else
      update items set held_by = null, resend_at = now() where chat_key = p_chat_key and item_id = p_item_id;
    end if;
  end if;
  return jsonb_build_object('row', item_row(p_chat_key, p_item_id), 'begins', begins);
end $$;

-- The bot's rights in a chat have changed: edits that were refused there are tried now, cards within a gap.
create or replace function reopen_chat(p_chat_id bigint) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare chat chats; cards_refused boolean;
begin
  select * into chat from chats where chat_id = p_chat_id;
  update cards set refusals = 0, claimed_until = null where chat_key = chat.chat_key and refusals > 0
    and claimed_by is null;
  cards_refused := found;
  update chats set refused = null, refused_at = null, failed_sends = 0,
    next_card_at = least(next_card_at, now() + make_interval(secs => gap_seconds))
  where chat_key = chat.chat_key and refused is not null;
  if not (found or cards_refused) then return to_jsonb(false); end if;
  perform pg_notify('everytap', '');
  return to_jsonb(true);
end $$;
