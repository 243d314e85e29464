-- Cards: which message shows which revision, which worker draws it next, and what became of a send.
--
-- A card is a projection of its row. `want` is the revision that it shall show, `shown` the newest that it is known to
-- show; -1: unknown, -2: unknown, and another worker's claim runs. A change of an item claims the next edit of its
-- cards for the worker that made it (10 s, a redraw 30 s); an acknowledgement under that claim is true, one after a
-- lost claim is not: the edit may have come after a newer one, so the card is drawn again. An edit that was refused, and
-- may be taken later, is drawn again after pauses of 1 to 128 minutes, for some three days, and at once when the bot's
-- rights in the chat change (`reopen_chat`). `recover` hands out what is behind and unclaimed, and at a start or take-over (p_everything) every card in review or settled lately. Sends:
-- `claim_due` holds the item, then `save_card` or `send_failed` ends the hold; two sends of unknown end count as
-- presented. Lock order: item, chat, card. Callers: infra/postgres/cards.py.

-- A change that cards must show: the next edit of each is claimed for this worker (null: the reconciler finds it).
create or replace function claim_cards(p_chat_key bigint, p_item_id bigint, p_revision integer, p_worker text)
  returns void language sql as $$
  update cards set want = p_revision, claimed_by = p_worker,
    claimed_until = case when p_worker is not null then now() + interval '10 seconds' end
  where chat_key = p_chat_key and item_id = p_item_id and not retired $$;

-- Open cards show something of their chat that has changed: the worker that hears of it draws them.
create or replace function outdate_open_cards(p_chat_key bigint) returns void language plpgsql as $$
declare item items;
begin
  for item in select * from items where chat_key = p_chat_key
    and state in ('presenting', 'in_review', 'publishing', 'in_doubt') order by item_id for update loop
    update items set revision = revision + 1 where chat_key = item.chat_key and item_id = item.item_id;
    perform claim_cards(item.chat_key, item.item_id, item.revision + 1, null);
  end loop;
end $$;

-- The card is in the chat; a tap that was faster keeps its effect, and a second run changes nothing. One that was sent
-- to the group of before a move is none: the item's hold runs out, and the next card goes to the new group.
create or replace function save_card(p_chat_key bigint, p_item_id bigint, p_message bigint, p_shown integer,
  p_file_id text, p_worker text, p_chat_id bigint) returns jsonb language plpgsql set lock_timeout = '2s' as $$
declare chat chats; item items;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  -- A move waits for this, or this for it.
  select * into chat from chats where chat_key = p_chat_key for key share;
  if chat.chat_id <> p_chat_id then
    update items set lost_sends = 0 where chat_key = p_chat_key and item_id = p_item_id and state = 'presenting';
    return item_row(p_chat_key, p_item_id);
  end if;
  update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now(),
    hold_until = null, held_by = null where chat_key = p_chat_key and item_id = p_item_id and state = 'presenting';
  update items set resend_at = null, set_aside = null
  where chat_key = p_chat_key and item_id = p_item_id and (resend_at is not null or set_aside is not null);
  insert into cards (chat_key, message_id, item_id, want, shown)
  values (p_chat_key, p_message, p_item_id, greatest(item.revision, p_shown), p_shown)
  on conflict (chat_key, message_id) do update set item_id = excluded.item_id,
    shown = greatest(cards.shown, excluded.shown), want = greatest(cards.want, excluded.want);
  update media set file_id = p_file_id where chat_key = p_chat_key and media_id = item.media_id
    and p_file_id is not null and file_id is distinct from p_file_id;
  update chats set failed_sends = 0, refused = null, refused_at = null
  where chat_key = p_chat_key and (failed_sends > 0 or refused is not null);
  if item.revision > p_shown then perform claim_cards(p_chat_key, p_item_id, item.revision, p_worker); end if;
  return item_row(p_chat_key, p_item_id);
end $$;

create or replace function note_failure(p_item items, p_fate text, p_reason text) returns void language sql as $$
  insert into card_failures (chat_key, item_id, fate, reason) values (p_item.chat_key, p_item.item_id, p_fate, p_reason)
  on conflict (chat_key, item_id, fate, reason) do update set times = card_failures.times + 1, last_at = now() $$;

-- The card is still on its way. False: the item was decided, or another worker took it over.
create or replace function keep_claim(p_chat_key bigint, p_item_id bigint, p_worker text) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
begin
  update items set hold_until = case when state = 'presenting' then now() + interval '60 seconds' else hold_until end,
    resend_at = case when state <> 'presenting' then now() + interval '60 seconds' else resend_at end
  where chat_key = p_chat_key and item_id = p_item_id and held_by = p_worker
    and (state = 'presenting' or resend_at is not null and state <> 'waiting');
  return to_jsonb(found);
end $$;

-- The card was not sent, or (ambiguous) that is unknown. Its chat rests for as long as the platform asked, or 15 s, 30
-- s ... 32 minutes; a failure in the group of before a move says nothing of the new one. A second run finds no hold.
create or replace function send_failed(p_chat_key bigint, p_item_id bigint, p_worker text, p_ambiguous boolean,
  p_pause_seconds double precision, p_chat_id bigint, p_refused boolean, p_reason text) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare item items;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  if item.held_by = p_worker and (item.state = 'presenting' or item.resend_at is not null) then
    perform note_failure(item,
      case when p_ambiguous then 'lost' when p_refused then 'refused' else 'not_sent' end, p_reason);
    update chats set failed_sends = failed_sends + 1, next_card_at = greatest(next_card_at, now() + case
      when p_pause_seconds > 0 then make_interval(secs => p_pause_seconds)
      else interval '15 seconds' * power(2, least(failed_sends, 7)) end)
    where chat_key = p_chat_key and chat_id = p_chat_id;
    if item.state <> 'presenting' then
      -- Two sends of unknown end are enough here, too; but a doubt has to be decided on a card.
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

-- p_shown: an array of [chat_key, message_id, revision, gone, chat_id]; of one card the newest counts, revision -1 says
-- that what it shows is unknown, -3 that the edit was refused, another chat_id than today's that it stands in the group of before a move. Answers how
-- many were lost. A card that is known to show this very revision, and is claimed by none, was acknowledged before.
create or replace function acknowledge_cards(p_shown jsonb, p_worker text) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
declare lost integer;
begin
  with said as (
    select (s->>0)::bigint as chat_key, (s->>1)::bigint as message_id, max((s->>2)::int) as revision,
      bool_or((s->>3)::boolean) as gone
    from jsonb_array_elements(p_shown) as s where s->>4 is null or exists (
      select from chats where chat_key = (s->>0)::bigint and chat_id = (s->>4)::bigint) group by 1, 2), ours as (
    select k.chat_key, k.message_id, said.revision, said.gone, k.claimed_by is not distinct from p_worker as mine,
      said.revision = -3 as refused,
      said.revision >= 0 and ((k.claimed_by is not distinct from p_worker and k.shown <> -2)
        or (k.claimed_by is null and k.shown = said.revision)) as kept
    from cards k join said using (chat_key, message_id) order by k.chat_key, k.message_id for update of k), written as (
    update cards k set gone = k.gone or ours.gone,
      shown = case when ours.kept then greatest(k.shown, ours.revision)
        when ours.refused and not ours.mine then k.shown
        when ours.mine and ours.refused then greatest(k.shown, -1)
        when ours.mine or k.claimed_by is null then -1 else -2 end,
      refusals = case when ours.kept then 0 else k.refusals + (ours.mine and ours.refused)::int end,
      claimed_by = case when ours.mine and (not ours.kept or ours.revision >= k.want) then null else k.claimed_by end,
      claimed_until = case
        when ours.mine and ours.refused then now() + interval '1 minute' * power(2, least(k.refusals, 7))
        when (ours.mine and not ours.kept) or (ours.kept and ours.revision >= k.want)
        then null else k.claimed_until end
    from ours where k.chat_key = ours.chat_key and k.message_id = ours.message_id
    returning ours.kept or ours.refused and ours.mine as kept)
  select count(*) filter (where not kept) into lost from written;
  if lost > 0 then perform pg_notify('everytap', ''); end if;
  return to_jsonb(lost);
end $$;

-- Claim what may lie: cards that ask for a connection that was replaced since, cards behind their row, five of those to
-- be drawn once more, publishes without a worker and, at most every 25 minutes, those in doubt.
create or replace function recover(p_worker text, p_everything boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare behind jsonb; again jsonb := '[]'; unpublished jsonb; item items; chat chats; was_behind boolean;
begin
  for item in select i.* from items i join chats c using (chat_key)
    where i.state in ('presenting', 'in_review', 'in_doubt') and (finding_is_outdated(i, c) or note_is_outdated(i, c))
    order by i.chat_key, i.item_id limit 200 for update of i skip locked loop
    select * into chat from chats where chat_key = item.chat_key;
    update items set revision = revision + 1,
      preflight_version = case when not finding_is_outdated(item, chat) then preflight_version end,
      note = case when note_is_outdated(item, chat) then note_once_connected else note end,
      note_version = case when not note_is_outdated(item, chat) then note_version end
    where chat_key = item.chat_key and item_id = item.item_id;
    was_behind := exists (select from cards where chat_key = item.chat_key and item_id = item.item_id and not gone
      and shown < want);
    perform claim_cards(item.chat_key, item.item_id, item.revision + 1, case when not was_behind then p_worker end);
    if not was_behind then
      update cards set claimed_until = now() + interval '30 seconds'
      where chat_key = item.chat_key and item_id = item.item_id and not retired;
      again := again || item_row(item.chat_key, item.item_id);
    end if;
  end loop;
  with mine as (
    select chat_key, message_id from cards
    where shown < want and not gone and refusals < 40 and (claimed_until is null or claimed_until < now())
    order by claimed_until nulls first limit 200 for update skip locked), claimed as (
    update cards k set claimed_by = p_worker, claimed_until = now() + interval '30 seconds'
    from mine where k.chat_key = mine.chat_key and k.message_id = mine.message_id returning k.chat_key, k.item_id)
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into behind
  from (select distinct chat_key, item_id from claimed) as c;
  if p_everything then
    with claimed as (
      update cards k set claimed_by = p_worker, claimed_until = now() + interval '30 seconds', shown = -1 from items i
      where i.chat_key = k.chat_key and i.item_id = k.item_id and not k.gone and not k.retired
        and k.shown >= k.want and (k.claimed_until is null or k.claimed_until < now())
        and (i.state in ('in_review', 'publishing', 'in_doubt') or i.settled_at > now() - interval '10 minutes')
      returning k.chat_key, k.item_id)
    select again || coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
    from (select distinct chat_key, item_id from claimed) as c;
  end if;
  with mine as (
    select chat_key, message_id from cards
    where once_more and not gone and shown >= want and (claimed_until is null or claimed_until < now())
    order by chat_key, message_id desc limit 5 for update skip locked), claimed as (
    update cards k
    set claimed_by = p_worker, claimed_until = now() + interval '30 seconds', shown = -1, once_more = false
    from mine where k.chat_key = mine.chat_key and k.message_id = mine.message_id returning k.chat_key, k.item_id)
  select again || coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
  from (select distinct chat_key, item_id from claimed) as c;
  with mine as (
    select chat_key, item_id from items i where state = 'publishing' and hold_until < now() and not exists (
      select from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id and p.version = i.version)
    limit 50 for update skip locked), claimed as (
    update items i set held_by = p_worker, hold_until = now() + interval '75 seconds'
    from mine where i.chat_key = mine.chat_key and i.item_id = mine.item_id
    returning i.chat_key, i.item_id), left_behind as (
    -- Fences out the worker that held it; the one that takes it within 10 s goes on.
    update publishes p set owner = null, lease_until = now() + case p.state
      when 'in_doubt' then interval '25 minutes' else interval '10 seconds' end
    from (
      select q.chat_key, q.item_id, q.version from publishes q join items i using (chat_key, item_id)
      where q.lease_until < now() and (q.state in ('creating', 'container', 'ready', 'publishing')
        or q.state = 'in_doubt' and i.state = 'in_doubt' and i.version = q.version + 1)
      limit 50 for update of q skip locked) as q
    where p.chat_key = q.chat_key and p.item_id = q.item_id and p.version = q.version returning p.chat_key, p.item_id)
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into unpublished
  from (select * from claimed union all select * from left_behind) as found;
  return jsonb_build_object('behind', behind, 'again', again, 'unpublished', unpublished, 'next_seconds', (
    select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
      -- Those that are refused again and again wait for a burst.
      select min(coalesce(claimed_until, now())) as at from cards where shown < want and not gone and refusals < 5
      union all select now() + interval '1 minute' where exists (select from cards where once_more and not gone)
      union all select min(hold_until) from items i where state = 'publishing' and not exists (
        select from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id and p.version = i.version)
      union all select min(lease_until) from publishes
        where state in ('creating', 'container', 'ready', 'publishing')) as moments));
end $$;
