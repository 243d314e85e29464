-- A group becomes a supergroup: another id, no messages, and every card that people need is sent again
-- depends: 0016_redraws_take_their_time

-- migrate: apply

-- Its id as a group: what was under way for that one still finds its chat.
alter table chats add column moved_from bigint unique;
-- Its cards were left behind: one is to be sent again, not before this moment; who sends it has until then.
alter table items add column resend_at timestamptz;
create index items_to_resend on items (chat_key, due_at) where resend_at is not null;

-- Message ids start anew in the supergroup, so no card and no command of the old group may be taken for one of the
-- new. A card comes again for what is not settled, and for what was settled lately if its card did not say so yet.
-- Lock order as everywhere: items before their chat. Asked again it finds itself done.
create function move_chat(p_old bigint, p_new bigint) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  chat chats;
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
  update chats set chat_id = p_new, moved_from = p_old, failed_sends = 0,
    next_card_at = least(next_card_at, now() + make_interval(secs => gap_seconds))
  where chat_key = chat.chat_key and chat_id = p_old;
  if not found then
    return to_jsonb('moved_before'::text);
  end if;
  update items i set resend_at = now(), lost_sends = 0 where i.chat_key = chat.chat_key
    and (i.state in ('in_review', 'publishing', 'in_doubt')
      or i.state not in ('waiting', 'presenting') and i.settled_at > now() - interval '10 minutes' and exists (
        select from cards k where k.chat_key = i.chat_key and k.item_id = i.item_id and (k.shown < k.want or k.gone)));
  delete from cards where chat_key = chat.chat_key;
  delete from commands where chat_key = chat.chat_key;
  perform pg_notify('everytap', '');
  return to_jsonb('moved'::text);
end $$;

-- As before, and: a tap in the old group counts.
create or replace function record_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
                           p_item_id bigint, p_version integer, p_step text, p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
  target text;
  verdict text;
  stored text;
  too_late boolean;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    select * into chat from chats where moved_from = p_chat_id;
  end if;
  if not found then
    return jsonb_build_object('outcome', 'gone');
  end if;
  select * into item from items where chat_key = chat.chat_key and item_id = p_item_id for update;
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
  on conflict (chat_key, message_id) do update set gone = false where cards.gone;
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
    perform tell_loser(item, p_step, p_name,
      case when too_late then 'publishing' when target is null or item.state in ('publishing', 'in_doubt') then 'late' else 'old' end, p_worker);
  end if;
  insert into members (chat_key, user_id, name, taps, posted, skipped, rejected)
  values (chat.chat_key, p_user, p_name, 1, (verdict = 'recorded' and target = 'posted')::int,
    (verdict = 'recorded' and target = 'skipped')::int, (verdict = 'recorded' and target = 'rejected')::int)
  on conflict (chat_key, user_id) do update set name = excluded.name, taps = members.taps + 1,
    posted = members.posted + excluded.posted, skipped = members.skipped + excluded.skipped,
    rejected = members.rejected + excluded.rejected;
  return jsonb_build_object('outcome', verdict, 'row', item_row(chat.chat_key, p_item_id));
end $$;

-- As before, and: in the old group, too.
create or replace function close_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
                          p_item_id bigint, p_version integer, p_step text) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  chat chats;
  stored text;
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
  return jsonb_build_object('outcome', stored, 'replayed', true, 'row', item_row(chat.chat_key, p_item_id));
end $$;

-- As before, and: cards that were left behind come first, one per gap, also in a paused chat: people had them already.
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
  with again as (
    update items set resend_at = now() + interval '60 seconds'
    where resend_at is not null and state not in ('waiting', 'presenting') and held_by = p_worker and held_key = p_key
    returning chat_key, item_id
  )
  select present || coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into present from again;
  for item in
    select i.* from items i join chats c using (chat_key)
    where i.state = 'in_review' and i.presented_at < now() - make_interval(hours => c.review_hours)
    order by i.presented_at limit 100 for update of i skip locked
  loop
    perform decide_item(item, 'expire', null, null, null, null, p_worker);
    expired := expired || item_row(item.chat_key, item.item_id);
  end loop;
  for chat in
    select c.* from chats c where c.next_card_at <= now() and (not c.paused and exists (
      select from items i where i.chat_key = c.chat_key
        and (i.state = 'waiting' and i.due_at <= now() or i.state = 'presenting' and i.hold_until <= now()))
      or exists (select from items i where i.chat_key = c.chat_key
        and i.resend_at <= now() and i.state not in ('waiting', 'presenting')))
    for update skip locked
  loop
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

-- As before, with what is to be sent again.
create or replace function next_due_seconds() returns double precision language sql stable as $$
  select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
    select greatest(min(i.due_at), c.next_card_at) as at from items i join chats c using (chat_key)
      where i.state = 'waiting' and not c.paused group by c.chat_key, c.next_card_at
    union all
    select greatest(min(i.hold_until), c.next_card_at) from items i join chats c using (chat_key)
      where i.state = 'presenting' and not c.paused group by c.chat_key, c.next_card_at
    union all
    select greatest(min(i.resend_at), c.next_card_at) from items i join chats c using (chat_key)
      where i.resend_at is not null and i.state not in ('waiting', 'presenting') group by c.chat_key, c.next_card_at
    union all
    select min(i.presented_at + make_interval(hours => c.review_hours)) from items i join chats c using (chat_key)
      where i.state = 'in_review') as moments
$$;

-- As before, and: a card that was to be sent again stays so. A failure in the old group says nothing of the new one.
create function send_failed(p_chat_key bigint, p_item_id bigint, p_worker text, p_ambiguous boolean, p_pause_seconds double precision,
                            p_chat_id bigint)
returns jsonb language plpgsql set lock_timeout = '2s' as $$
declare
  item items;
  pause interval;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  if item.held_by = p_worker and (item.state = 'presenting' or item.resend_at is not null) then
    update chats set failed_sends = failed_sends + 1, next_card_at = greatest(next_card_at, now() + case
      when p_pause_seconds > 0 then make_interval(secs => p_pause_seconds)
      else interval '15 seconds' * power(2, least(failed_sends, 7)) end)
    where chat_key = p_chat_key and chat_id = p_chat_id;
    if item.state <> 'presenting' then
      -- Two sends of which nobody knows are enough here, too; but a doubt has to be decided on a card.
      update items set held_by = null, lost_sends = lost_sends + p_ambiguous::int, resend_at = case
        when not p_ambiguous or lost_sends < 1 or state in ('publishing', 'in_doubt') then now() end
      where chat_key = p_chat_key and item_id = p_item_id;
    elsif not p_ambiguous then
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

-- An older version's call, which does not name the group.
create or replace function send_failed(p_chat_key bigint, p_item_id bigint, p_worker text, p_ambiguous boolean, p_pause_seconds double precision)
returns jsonb language sql as $$
  select send_failed(p_chat_key, p_item_id, p_worker, p_ambiguous, p_pause_seconds, chat_id)
  from chats where chat_key = p_chat_key
$$;

-- As before; but a card that was sent to the old group is none: its item's hold runs out, and the next one goes to the
-- new group. The id beside the key of a message says in which of the two it stands.
create function save_card(p_chat_key bigint, p_item_id bigint, p_message bigint, p_shown integer, p_file_id text,
                          p_worker text, p_chat_id bigint) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  chat chats;
  item items;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  -- A move waits for this, or this for it.
  select * into chat from chats where chat_key = p_chat_key for key share;
  if chat.chat_id <> p_chat_id then
    update items set lost_sends = 0 where chat_key = p_chat_key and item_id = p_item_id and state = 'presenting';
    return item_row(p_chat_key, p_item_id);
  end if;
  update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now(),
    hold_until = null, held_by = null
  where chat_key = p_chat_key and item_id = p_item_id and state = 'presenting';
  update items set resend_at = null
  where chat_key = p_chat_key and item_id = p_item_id and resend_at is not null;
  insert into cards (chat_key, message_id, item_id, want, shown)
  values (p_chat_key, p_message, p_item_id, greatest(item.revision, p_shown), p_shown)
  on conflict (chat_key, message_id) do update set item_id = excluded.item_id, shown = greatest(cards.shown, excluded.shown),
    want = greatest(cards.want, excluded.want);
  update media set file_id = p_file_id
  where chat_key = p_chat_key and media_id = item.media_id and p_file_id is not null and file_id is distinct from p_file_id;
  update chats set failed_sends = 0 where chat_key = p_chat_key and failed_sends > 0;
  if item.revision > p_shown then
    perform claim_cards(p_chat_key, p_item_id, item.revision, p_worker);
  end if;
  return item_row(p_chat_key, p_item_id);
end $$;

-- An older version's call, which does not name the group.
create or replace function save_card(p_chat_key bigint, p_item_id bigint, p_message bigint, p_shown integer, p_file_id text,
                          p_worker text) returns jsonb
language sql as $$
  select save_card(p_chat_key, p_item_id, p_message, p_shown, p_file_id, p_worker, chat_id)
  from chats where chat_key = p_chat_key
$$;

-- As before; but what an old group shows is no news of the new one. The fifth of each line: Telegram's id of its chat.
create or replace function acknowledge_cards(p_shown jsonb, p_worker text) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare
  lost integer;
begin
  with said as (
    select (s->>0)::bigint as chat_key, (s->>1)::bigint as message_id, max((s->>2)::int) as revision,
      bool_or((s->>3)::boolean) as gone
    from jsonb_array_elements(p_shown) as s
    where s->>4 is null or exists (
      select from chats where chat_key = (s->>0)::bigint and chat_id = (s->>4)::bigint)
    group by 1, 2
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

-- As before, and: lines of the old group are its supergroup's.
create or replace function write_interactions(p_batch text, p_lines jsonb) returns jsonb language plpgsql as $$
declare
  written integer := 0;
begin
  insert into interaction_batches (batch) values (p_batch) on conflict do nothing;
  if found then
    insert into interactions (chat_key, kind, user_id, user_name, item_id, tap_id, at)
    select c.chat_key, l->>1, (l->>2)::bigint, l->>3, (l->>4)::bigint, l->>5,
      to_timestamp((l->>6)::double precision / 1000)
    from jsonb_array_elements(p_lines) as l join chats c on c.chat_key = (
      select chat_key from chats where (l->>0)::bigint in (chat_id, moved_from)
      order by chat_id = (l->>0)::bigint desc limit 1);
    get diagnostics written = row_count;
  end if;
  return to_jsonb(written);
end $$;

-- As before; but what is being sent again right now is left alone.
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
      or i.state = 'presenting' and i.hold_until <= now() or i.state = 'in_review' and not has_card(i)
        and (i.resend_at is null or i.resend_at <= now()))
    order by i.due_at, i.item_id limit 1 for update skip locked;
    -- Looked at again under the row's lock: a card that was saved this very moment counts.
    update items i set state = 'presenting', came_from = item.state, came_by = 'claim', held_by = p_worker,
      held_key = 'next ' || p_message, hold_until = now() + interval '60 seconds', lost_sends = 0,
      resend_at = null
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

-- migrate: rollback

drop function save_card(bigint, bigint, bigint, integer, text, text, bigint);
drop function send_failed(bigint, bigint, text, boolean, double precision, bigint);
create or replace function record_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
                           p_item_id bigint, p_version integer, p_step text, p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
  target text;
  verdict text;
  stored text;
  too_late boolean;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    return jsonb_build_object('outcome', 'gone');
  end if;
  select * into item from items where chat_key = chat.chat_key and item_id = p_item_id for update;
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
  insert into cards (chat_key, message_id, item_id) values (chat.chat_key, p_message, p_item_id)
  on conflict (chat_key, message_id) do update set gone = false where cards.gone;
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
    perform tell_loser(item, p_step, p_name,
      case when too_late then 'publishing' when target is null or item.state in ('publishing', 'in_doubt') then 'late' else 'old' end, p_worker);
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
create or replace function next_due_seconds() returns double precision language sql stable as $$
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
create or replace function send_failed(p_chat_key bigint, p_item_id bigint, p_worker text, p_ambiguous boolean, p_pause_seconds double precision)
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
create or replace function write_interactions(p_batch text, p_lines jsonb) returns jsonb language plpgsql as $$
declare
  written integer := 0;
begin
  insert into interaction_batches (batch) values (p_batch) on conflict do nothing;
  if found then
    insert into interactions (chat_key, kind, user_id, user_name, item_id, tap_id, at)
    select c.chat_key, l->>1, (l->>2)::bigint, l->>3, (l->>4)::bigint, l->>5,
      to_timestamp((l->>6)::double precision / 1000)
    from jsonb_array_elements(p_lines) as l join chats c on c.chat_id = (l->>0)::bigint;
    get diagnostics written = row_count;
  end if;
  return to_jsonb(written);
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
  else
    update items set hold_until = now() + interval '60 seconds'
    where chat_key = chat.chat_key and state = 'presenting' and held_by = p_worker and held_key = 'next ' || p_message;
  end if;
  return told(chat.chat_key, p_message, p_worker);
end $$;
create or replace function save_card(p_chat_key bigint, p_item_id bigint, p_message bigint, p_shown integer, p_file_id text,
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
drop function move_chat;
alter table items drop column resend_at;
alter table chats drop column moved_from;
