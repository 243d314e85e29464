-- What keeps cards truthful, workers apart and the tables small
-- depends: 0003_schedule

-- migrate: apply

-- p_shown: an array of [chat_key, message_id, revision, gone]; of one card the newest counts. A claim that was lost to
-- another worker means that our edit may have come after a newer one: the card is drawn again. Answers how many. A card
-- that is known to show this very revision, and that nobody draws, was acknowledged before: nothing is lost.
create function acknowledge_cards(p_shown jsonb, p_worker text) returns jsonb
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
      k.claimed_by is not distinct from p_worker or (k.claimed_by is null and k.shown = said.revision) as kept
    from cards k join said using (chat_key, message_id)
    order by k.chat_key, k.message_id for update of k
  ), written as (
    update cards k set gone = k.gone or ours.gone,
      shown = case when ours.kept then greatest(k.shown, ours.revision) else -1 end,
      claimed_by = case when ours.kept and ours.revision < k.want then k.claimed_by
                        when ours.kept then null else k.claimed_by end,
      claimed_until = case when ours.kept and ours.revision >= k.want then null else k.claimed_until end
    from ours where k.chat_key = ours.chat_key and k.message_id = ours.message_id
    returning ours.kept
  )
  select count(*) filter (where not kept) into lost from written;
  return to_jsonb(lost);
end $$;

-- Claim what may lie: cards that are behind their row and publishes that nobody works on. p_everything adds each card
-- in review or settled in the last 10 minutes, since an edit of a dead worker may have come late.
create function recover(p_worker text, p_everything boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  behind jsonb;
  again jsonb := '[]';
  unpublished jsonb;
begin
  with mine as (
    select chat_key, message_id from cards
    where shown < want and not gone and (claimed_until is null or claimed_until < now())
    order by claimed_until nulls first limit 200 for update skip locked
  ), claimed as (
    update cards k set claimed_by = p_worker, claimed_until = now() + interval '10 seconds'
    from mine where k.chat_key = mine.chat_key and k.message_id = mine.message_id
    returning k.chat_key, k.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into behind
  from (select distinct chat_key, item_id from claimed) as c;
  if p_everything then
    with claimed as (
      update cards k set claimed_by = p_worker, claimed_until = now() + interval '10 seconds', shown = -1 from items i
      where i.chat_key = k.chat_key and i.item_id = k.item_id and not k.gone and not k.retired
        and (k.claimed_until is null or k.claimed_until < now())
        and (i.state in ('in_review', 'publishing', 'in_doubt') or i.settled_at > now() - interval '10 minutes')
      returning k.chat_key, k.item_id
    )
    select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
    from (select distinct chat_key, item_id from claimed) as c;
  end if;
  with mine as (
    select chat_key, item_id from items where state = 'publishing' and hold_until < now() limit 50 for update skip locked
  ), claimed as (
    update items i set held_by = p_worker, hold_until = now() + interval '75 seconds'
    from mine where i.chat_key = mine.chat_key and i.item_id = mine.item_id
    returning i.chat_key, i.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into unpublished from claimed;
  return jsonb_build_object('behind', behind, 'again', again, 'unpublished', unpublished, 'next_seconds', (
    select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
      select min(coalesce(claimed_until, now())) as at from cards where shown < want and not gone
      union all select min(hold_until) from items where state = 'publishing') as moments));
end $$;

-- Take or renew the lease, or register as the standby of whoever holds it. Only the database's clock counts. A lone
-- holder takes it for a day and renews nothing; a standby cuts that to p_cut_seconds, within which a living holder,
-- woken by the platform's 409, renews.
create function hold_lease(p_name text, p_worker text, p_seconds double precision, p_cut_seconds double precision)
returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare
  lease leases;
begin
  insert into leases as l (name, owner, expires_at) values (p_name, p_worker, now() + make_interval(secs => p_seconds))
  on conflict (name) do update set
    token = case when l.owner = p_worker then l.token else l.token + 1 end,
    standby = case when l.owner = p_worker then l.standby end,
    -- A holder that does not know yet of its standby renews for as long as if it did, and may die right afterwards.
    owner = p_worker, expires_at = now() + make_interval(secs => case
      when l.owner = p_worker and l.standby is not null and l.standby_at > now() - interval '30 seconds'
        then least(p_seconds, p_cut_seconds)
      else p_seconds end)
  where l.owner = p_worker or l.expires_at < now()
  returning * into lease;
  if lease.owner is null then
    update leases set standby = p_worker, standby_at = now(),
      expires_at = least(expires_at, now() + make_interval(secs => p_cut_seconds))
    where name = p_name returning * into lease;
  end if;
  return jsonb_build_object('held', lease.owner = p_worker,
    'contested', lease.standby is not null and lease.standby_at > now() - interval '30 seconds',
    'seconds_left', extract(epoch from lease.expires_at - now()));
end $$;

create function release_lease(p_name text, p_worker text) returns jsonb language sql as $$
  with released as (
    update leases set expires_at = now() - interval '1 second' where name = p_name and owner = p_worker returning 1)
  select to_jsonb(exists (select from released))
$$;

-- One batch of the interaction logger; its key makes a second write harmless. Lines of unknown chats are dropped.
create function write_interactions(p_batch text, p_lines jsonb) returns jsonb language plpgsql as $$
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

-- Delete what has outlived its use: interactions and taps after 30 days, batch keys after a day. In bounded bites.
create function tidy_up() returns jsonb language plpgsql as $$
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

-- migrate: rollback

drop function tidy_up, write_interactions, release_lease, hold_lease, recover, acknowledge_cards;
