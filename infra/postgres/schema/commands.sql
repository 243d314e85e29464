-- Commands in the chat, and a group's move: each takes effect once, and answers the same to every attempt.
--
-- The key is (chat, message): `take_command` stores it in the first attempt only, with the right of its person, and the
-- command's effect and verdict come in the same commit; a later attempt reads the verdict (`told`). A command that lay
-- at Telegram for too long takes its key as too old. Later words decide: an older /pause after a newer /resume is
-- overtaken. A move changes the chat's id and sends again each card that people still need, since message ids start
-- anew. Lock order: command, item, chat. Callers: infra/postgres/commands.py.

-- Take the command's key, in its first attempt only; a second one at the same time waits here for the first. False:
-- there is nothing left to do, since it was taken before or the person has no right to it.
create or replace function take_command(p_chat chats, p_message bigint, p_verb text, p_user bigint, p_name text)
  returns boolean language plpgsql as $$
declare permitted boolean := may_tap(p_chat, p_user);
begin
  insert into commands (chat_key, message_id, verb, user_id, user_name, verdict)
  values (p_chat.chat_key, p_message, p_verb, p_user, p_name, case when permitted then 'done' else 'forbidden' end)
  on conflict (chat_key, message_id) do nothing;
  return found and permitted;
end $$;

create or replace function judge_command(p_chat_key bigint, p_message bigint, p_verdict text, p_item_id bigint)
  returns void language sql as $$
  update commands set verdict = p_verdict, item_id = p_item_id where chat_key = p_chat_key and message_id = p_message
$$;

-- What a command came to; the same to each attempt. `claimed`: its item is still to be sent, by the worker that asks.
create or replace function told(p_chat_key bigint, p_message bigint, p_worker text) returns jsonb
language sql stable as $$
  select jsonb_build_object('verdict', c.verdict, 'row', item_row(c.chat_key, c.item_id), 'claimed', exists (
    select from items i where i.chat_key = c.chat_key and i.item_id = c.item_id and i.state = 'presenting'
      and i.held_by = p_worker and i.held_key = 'next ' || p_message))
  from commands c where c.chat_key = p_chat_key and c.message_id = p_message $$;

-- The next card at once, also one that was lost, and, if no other waits, one that was set aside; what is being sent right
-- now is left alone.
create or replace function present_next(p_chat_id bigint, p_message bigint, p_user bigint, p_name text, p_worker text)
  returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare chat chats; item items;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then return jsonb_build_object('verdict', 'unknown_chat'); end if;
  if take_command(chat, p_message, 'next', p_user, p_name) then
    select i.* into item from items i where i.chat_key = chat.chat_key and (i.state = 'waiting'
      or i.state = 'presenting' and i.hold_until <= now() or i.state = 'in_review' and not has_card(i)
        and (i.resend_at is null or i.resend_at <= now()))
    order by i.set_aside is not null, i.due_at, i.item_id limit 1 for update skip locked;
    -- Looked at again under the row's lock: a card that was saved this very moment counts.
    update items i set state = 'presenting', came_from = item.state, came_by = 'claim', held_by = p_worker,
      held_key = 'next ' || p_message, hold_until = now() + interval '60 seconds', lost_sends = 0, resend_at = null,
      set_aside = null
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

-- Later words decide: an attempt that comes after the effect of a newer command changes nothing.
create or replace function pause_chat(p_chat_id bigint, p_message bigint, p_user bigint, p_name text, p_paused boolean)
  returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare chat chats;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then return jsonb_build_object('verdict', 'unknown_chat'); end if;
  if take_command(chat, p_message, case when p_paused then 'pause' else 'resume' end, p_user, p_name) then
    select * into chat from chats where chat_key = chat.chat_key for update;
    if exists (select from commands where chat_key = chat.chat_key and message_id > p_message
        and verb in ('pause', 'resume') and verdict in ('done', 'as_it_was')) then
      perform judge_command(chat.chat_key, p_message, 'overtaken', null);
    elsif chat.paused = p_paused then
      perform judge_command(chat.chat_key, p_message, 'as_it_was', null);
    else
      update chats set paused = p_paused where chat_key = chat.chat_key;
      perform pg_notify('everytap', '');
    end if;
  end if;
  return told(chat.chat_key, p_message, null);
end $$;

-- p_item_id null: the item of this chat that was skipped or expired last. p_kept: the change is kept for the log; a
-- worker of a release before writes the line itself.
create or replace function requeue_by_command(p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
  p_item_id bigint, p_kept boolean) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare chat chats; item items;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then return jsonb_build_object('verdict', 'unknown_chat'); end if;
  if take_command(chat, p_message, 'requeue', p_user, p_name) then
    select * into item from items
    where chat_key = chat.chat_key and (item_id = p_item_id or p_item_id is null and state in ('skipped', 'expired'))
    order by settled_at desc, item_id desc limit 1;
    perform judge_command(chat.chat_key, p_message, case
      when item.item_id is not null then coalesce(requeue_item(item.item_id, null, false, p_name)->>'refused', 'done')
      when p_item_id is null then 'nothing_to_requeue' else 'unknown_item' end, item.item_id);
    if p_kept and exists (select from commands
        where chat_key = chat.chat_key and message_id = p_message and verdict = 'done') then
      perform note_change(find_item(item.item_id), 'requeued', '/requeue');
    end if;
  end if;
  return told(chat.chat_key, p_message, null);
end $$;

-- Take the command's key as not done, or tell what it holds: an earlier worker may have done it before it died.
create or replace function set_command_aside(p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
  p_verb text) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare chat chats;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then return jsonb_build_object('verdict', 'unknown_chat'); end if;
  if take_command(chat, p_message, p_verb, p_user, p_name) then
    perform judge_command(chat.chat_key, p_message, 'too_old', null);
  end if;
  return told(chat.chat_key, p_message, null);
end $$;

-- What /status, /queue and the bot's greeting say of a chat.
create or replace function look_at_chat(p_chat_id bigint, p_user bigint, p_most integer) returns jsonb
language sql stable as $$
  select jsonb_build_object('permitted', may_tap(c, p_user), 'timezone', c.timezone, 'live', c.live, 'paused', c.paused,
    'waiting', (select count(*) from items where chat_key = c.chat_key and state in ('waiting', 'presenting')),
    'in_review', (select count(*) from items
      where chat_key = c.chat_key and state in ('in_review', 'publishing', 'in_doubt')),
    'set_aside', (select count(*) from items
      where chat_key = c.chat_key and state = 'waiting' and set_aside is not null),
    'refused', c.refused, 'refused_at', c.refused_at, 'tried_at', case when c.refused is not null then c.next_card_at end,
    'cards_lost', (select count(*) from items i where i.chat_key = c.chat_key and card_lost(i)),
    'next', (select item_row(chat_key, item_id) from items
      where chat_key = c.chat_key and state in ('waiting', 'presenting') and set_aside is null
      order by due_at, item_id limit 1),
    'queue', coalesce((select jsonb_agg(item_row(chat_key, item_id) order by due_at, item_id) from (
      select chat_key, item_id, due_at from items where chat_key = c.chat_key
        and state in ('waiting', 'presenting', 'in_review', 'publishing', 'in_doubt')
      order by due_at, item_id limit p_most) as first), '[]'), 'settled', (select item_row(chat_key, item_id) from items
      where chat_key = c.chat_key and state in ('posted', 'skipped', 'rejected', 'expired', 'withdrawn')
      order by settled_at desc, item_id desc limit 1))
  from chats c where c.chat_id = p_chat_id $$;

-- Message ids start anew in the supergroup, so no card and no command of the old group may be taken for one of the new.
-- A card comes again for what is not settled, and for what was settled lately if its card did not say so yet.
create or replace function move_chat(p_old bigint, p_new bigint) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare chat chats;
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
  update chats set chat_id = p_new, moved_from = p_old, failed_sends = 0, refused = null, refused_at = null,
    next_card_at = least(next_card_at, now() + make_interval(secs => gap_seconds))
  where chat_key = chat.chat_key and chat_id = p_old;
  if not found then return to_jsonb('moved_before'::text); end if;
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
