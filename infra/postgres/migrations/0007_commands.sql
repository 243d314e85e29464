-- What people ask by commands in the chat: each change takes effect once, however often its update comes
-- depends: 0006_desk_queue

-- migrate: apply

create table commands (
  chat_key bigint not null references chats,
  -- Telegram's id of the message in which it was written; its update id restarts at random after a quiet week.
  message_id bigint not null,
  verb text not null check (verb in ('next', 'pause', 'resume', 'requeue')),
  user_id bigint not null,
  user_name text not null,
  -- The item that it concerns, if it found one.
  item_id bigint,
  verdict text not null check (verdict in ('done', 'as_it_was', 'forbidden', 'overtaken', 'nothing_waiting', 'being_sent',
    'nothing_to_requeue', 'unknown_item', 'cannot_requeue', 'locked', 'queued_already')),
  at timestamptz not null default now(),
  -- One command takes effect once.
  primary key (chat_key, message_id)
);
create index commands_by_age on commands (at);

-- An item that counts as presented, but has no card that anybody can see, may be claimed again by a person's wish.
create or replace function next_state(from_state text, step text) returns text
language sql immutable parallel safe as $$
  select case from_state || ' ' || step
    when 'waiting claim' then 'presenting'
    when 'waiting withdraw' then 'withdrawn'
    when 'presenting claim' then 'presenting'
    when 'presenting sent' then 'in_review'
    when 'presenting send_failed' then 'waiting'
    when 'presenting auto_post' then 'publishing'
    when 'presenting posted' then 'posted'
    when 'presenting skip' then 'skipped'
    when 'presenting reject' then 'rejected'
    when 'presenting withdraw' then 'withdrawn'
    when 'in_review claim' then 'presenting'
    when 'in_review auto_post' then 'publishing'
    when 'in_review posted' then 'posted'
    when 'in_review skip' then 'skipped'
    when 'in_review reject' then 'rejected'
    when 'in_review expire' then 'expired'
    when 'in_review withdraw' then 'withdrawn'
    when 'publishing rehearsed' then 'in_review'
    when 'publishing published' then 'posted'
    when 'publishing publish_refused' then 'in_review'
    when 'publishing answer_lost' then 'in_doubt'
    when 'publishing posted' then 'posted'
    when 'publishing skip' then 'skipped'
    when 'publishing reject' then 'rejected'
    when 'in_doubt published' then 'posted'
    when 'in_doubt it_is_live' then 'posted'
    when 'in_doubt it_is_not' then 'publishing'
    when 'skipped requeue' then 'waiting'
    when 'expired requeue' then 'waiting'
  end
$$;

-- Take the command's key, in its first attempt only; a second one at the same time waits here for the first. False:
-- there is nothing left to do, since it was taken before or the person has no right to it.
create function take_command(p_chat chats, p_message bigint, p_verb text, p_user bigint, p_name text) returns boolean
language plpgsql as $$
declare
  permitted boolean := may_tap(p_chat, p_user);
begin
  insert into commands (chat_key, message_id, verb, user_id, user_name, verdict)
  values (p_chat.chat_key, p_message, p_verb, p_user, p_name, case when permitted then 'done' else 'forbidden' end)
  on conflict (chat_key, message_id) do nothing;
  return found and permitted;
end $$;

create function judge_command(p_chat_key bigint, p_message bigint, p_verdict text, p_item_id bigint) returns void
language sql as $$
  update commands set verdict = p_verdict, item_id = p_item_id where chat_key = p_chat_key and message_id = p_message
$$;

-- What a command came to; the same to each attempt. `claimed`: its item is still to be sent, and by whoever asks.
create function told(p_chat_key bigint, p_message bigint, p_worker text) returns jsonb language sql stable as $$
  select jsonb_build_object('verdict', c.verdict, 'row', item_row(c.chat_key, c.item_id), 'claimed', exists (
    select from items i where i.chat_key = c.chat_key and i.item_id = c.item_id and i.state = 'presenting'
      and i.held_by = p_worker and i.held_key = 'next ' || p_message))
  from commands c where c.chat_key = p_chat_key and c.message_id = p_message
$$;

create function has_card(p_item items) returns boolean language sql stable as $$
  select exists (select from cards where chat_key = p_item.chat_key and item_id = p_item.item_id and not gone and not retired)
$$;

-- A person's wish: the next item now, whatever the gap, the slot or a pause say. The claim is that of the schedule, so
-- nobody else sends it; a person's wish begins the count of lost sends anew.
create function present_next(p_chat_id bigint, p_message bigint, p_user bigint, p_name text, p_worker text) returns jsonb
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

-- Later words decide: an attempt that comes after the effect of a newer command changes nothing.
create function pause_chat(p_chat_id bigint, p_message bigint, p_user bigint, p_name text, p_paused boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    return jsonb_build_object('verdict', 'unknown_chat');
  end if;
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

-- p_item_id null: the item of this chat that was skipped or expired last.
create function requeue_by_command(p_chat_id bigint, p_message bigint, p_user bigint, p_name text, p_item_id bigint)
returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    return jsonb_build_object('verdict', 'unknown_chat');
  end if;
  if take_command(chat, p_message, 'requeue', p_user, p_name) then
    select * into item from items
    where chat_key = chat.chat_key and (item_id = p_item_id or p_item_id is null and state in ('skipped', 'expired'))
    order by settled_at desc, item_id desc limit 1;
    perform judge_command(chat.chat_key, p_message, case
      when item.item_id is not null then coalesce(requeue_item(item.item_id, null, false, p_name)->>'refused', 'done')
      when p_item_id is null then 'nothing_to_requeue' else 'unknown_item' end, item.item_id);
  end if;
  return told(chat.chat_key, p_message, null);
end $$;

-- What /status and /queue show of a chat; null: it is not set up.
create function look_at_chat(p_chat_id bigint, p_user bigint, p_most integer) returns jsonb language sql stable as $$
  select jsonb_build_object('permitted', may_tap(c, p_user), 'timezone', c.timezone, 'live', c.live, 'paused', c.paused,
    'waiting', (select count(*) from items where chat_key = c.chat_key and state in ('waiting', 'presenting')),
    'in_review', (select count(*) from items
      where chat_key = c.chat_key and state in ('in_review', 'publishing', 'in_doubt')),
    'next', (select item_row(chat_key, item_id) from items where chat_key = c.chat_key and state in ('waiting', 'presenting')
      order by due_at, item_id limit 1),
    'queue', coalesce((select jsonb_agg(item_row(chat_key, item_id) order by due_at, item_id) from (
      select chat_key, item_id, due_at from items where chat_key = c.chat_key
        and state in ('waiting', 'presenting', 'in_review', 'publishing', 'in_doubt')
      order by due_at, item_id limit p_most) as first), '[]'),
    'settled', (select item_row(chat_key, item_id) from items
      where chat_key = c.chat_key and state in ('posted', 'skipped', 'rejected', 'expired', 'withdrawn')
      order by settled_at desc, item_id desc limit 1))
  from chats c where c.chat_id = p_chat_id
$$;

-- Commands go after two days: Telegram keeps an update for one, and a group that became a supergroup counts its
-- messages anew.
create or replace function tidy_up() returns jsonb language plpgsql as $$
declare
  gone integer := 0;
  bite integer;
begin
  delete from interactions where (chat_key, id) in (
    select chat_key, id from interactions where at < now() - interval '30 days' limit 5000);
  get diagnostics bite = row_count;
  gone := gone + bite;
  delete from taps where (chat_key, tap_id) in (
    select chat_key, tap_id from taps where at < now() - interval '30 days' limit 5000);
  get diagnostics bite = row_count;
  gone := gone + bite;
  delete from commands where (chat_key, message_id) in (
    select chat_key, message_id from commands where at < now() - interval '2 days' limit 5000);
  get diagnostics bite = row_count;
  gone := gone + bite;
  delete from interaction_batches where batch in (
    select batch from interaction_batches where at < now() - interval '1 day' limit 5000);
  get diagnostics bite = row_count;
  return to_jsonb(gone + bite);
end $$;

-- migrate: rollback

create or replace function tidy_up() returns jsonb language plpgsql as $$
declare
  gone integer := 0;
  bite integer;
begin
  delete from interactions where (chat_key, id) in (
    select chat_key, id from interactions where at < now() - interval '30 days' limit 5000);
  get diagnostics bite = row_count;
  gone := gone + bite;
  delete from taps where (chat_key, tap_id) in (
    select chat_key, tap_id from taps where at < now() - interval '30 days' limit 5000);
  get diagnostics bite = row_count;
  gone := gone + bite;
  delete from interaction_batches where batch in (
    select batch from interaction_batches where at < now() - interval '1 day' limit 5000);
  get diagnostics bite = row_count;
  return to_jsonb(gone + bite);
end $$;

drop function look_at_chat, requeue_by_command, pause_chat, present_next, has_card, told, judge_command, take_command;
drop table commands;
create or replace function next_state(from_state text, step text) returns text
language sql immutable parallel safe as $$
  select case from_state || ' ' || step
    when 'waiting claim' then 'presenting'
    when 'waiting withdraw' then 'withdrawn'
    when 'presenting claim' then 'presenting'
    when 'presenting sent' then 'in_review'
    when 'presenting send_failed' then 'waiting'
    when 'presenting auto_post' then 'publishing'
    when 'presenting posted' then 'posted'
    when 'presenting skip' then 'skipped'
    when 'presenting reject' then 'rejected'
    when 'presenting withdraw' then 'withdrawn'
    when 'in_review auto_post' then 'publishing'
    when 'in_review posted' then 'posted'
    when 'in_review skip' then 'skipped'
    when 'in_review reject' then 'rejected'
    when 'in_review expire' then 'expired'
    when 'in_review withdraw' then 'withdrawn'
    when 'publishing rehearsed' then 'in_review'
    when 'publishing published' then 'posted'
    when 'publishing publish_refused' then 'in_review'
    when 'publishing answer_lost' then 'in_doubt'
    when 'publishing posted' then 'posted'
    when 'publishing skip' then 'skipped'
    when 'publishing reject' then 'rejected'
    when 'in_doubt published' then 'posted'
    when 'in_doubt it_is_live' then 'posted'
    when 'in_doubt it_is_not' then 'publishing'
    when 'skipped requeue' then 'waiting'
    when 'expired requeue' then 'waiting'
  end
$$;
