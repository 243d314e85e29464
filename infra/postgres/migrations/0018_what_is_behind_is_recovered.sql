-- A card that is behind its row is never taken for one that only may be
-- depends: 0017_groups_that_move

-- migrate: apply

-- As before; but what is behind and was left over (200 a look, or locked by another look) waits for the next one. It was
-- drawn as one of all cards, so that the tap of a worker which had died over it was never explained in the log.
create or replace function recover(p_worker text, p_everything boolean) returns jsonb
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
    update cards k set claimed_by = p_worker, claimed_until = now() + interval '30 seconds'
    from mine where k.chat_key = mine.chat_key and k.message_id = mine.message_id
    returning k.chat_key, k.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into behind
  from (select distinct chat_key, item_id from claimed) as c;
  if p_everything then
    with claimed as (
      update cards k set claimed_by = p_worker, claimed_until = now() + interval '30 seconds', shown = -1 from items i
      where i.chat_key = k.chat_key and i.item_id = k.item_id and not k.gone and not k.retired
        and k.shown >= k.want and (k.claimed_until is null or k.claimed_until < now())
        and (i.state in ('in_review', 'publishing', 'in_doubt') or i.settled_at > now() - interval '10 minutes')
      returning k.chat_key, k.item_id
    )
    select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
    from (select distinct chat_key, item_id from claimed) as c;
  end if;
  with mine as (
    select chat_key, item_id from items i where state = 'publishing' and hold_until < now() and not exists (
      select from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id and p.version = i.version)
    limit 50 for update skip locked
  ), claimed as (
    update items i set held_by = p_worker, hold_until = now() + interval '75 seconds'
    from mine where i.chat_key = mine.chat_key and i.item_id = mine.item_id
    returning i.chat_key, i.item_id
  ), left_behind as (
    -- Fences out whoever held it; whoever takes it within 10 s goes on.
    update publishes p set owner = null, lease_until = now() + case p.state
      when 'in_doubt' then interval '25 minutes' else interval '10 seconds' end
    from (
      select q.chat_key, q.item_id, q.version from publishes q join items i using (chat_key, item_id)
      where q.lease_until < now() and (q.state in ('creating', 'container', 'ready', 'publishing')
        or q.state = 'in_doubt' and i.state = 'in_doubt' and i.version = q.version + 1)
      limit 50 for update of q skip locked) as q
    where p.chat_key = q.chat_key and p.item_id = q.item_id and p.version = q.version
    returning p.chat_key, p.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into unpublished
  from (select * from claimed union all select * from left_behind) as found;
  return jsonb_build_object('behind', behind, 'again', again, 'unpublished', unpublished, 'next_seconds', (
    select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
      select min(coalesce(claimed_until, now())) as at from cards where shown < want and not gone
      union all select min(hold_until) from items i where state = 'publishing' and not exists (
        select from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id and p.version = i.version)
      union all select min(lease_until) from publishes
        where state in ('creating', 'container', 'ready', 'publishing')) as moments));
end $$;

-- migrate: rollback

create or replace function recover(p_worker text, p_everything boolean) returns jsonb
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
    update cards k set claimed_by = p_worker, claimed_until = now() + interval '30 seconds'
    from mine where k.chat_key = mine.chat_key and k.message_id = mine.message_id
    returning k.chat_key, k.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into behind
  from (select distinct chat_key, item_id from claimed) as c;
  if p_everything then
    with claimed as (
      update cards k set claimed_by = p_worker, claimed_until = now() + interval '30 seconds', shown = -1 from items i
      where i.chat_key = k.chat_key and i.item_id = k.item_id and not k.gone and not k.retired
        and (k.claimed_until is null or k.claimed_until < now())
        and (i.state in ('in_review', 'publishing', 'in_doubt') or i.settled_at > now() - interval '10 minutes')
      returning k.chat_key, k.item_id
    )
    select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
    from (select distinct chat_key, item_id from claimed) as c;
  end if;
  with mine as (
    select chat_key, item_id from items i where state = 'publishing' and hold_until < now() and not exists (
      select from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id and p.version = i.version)
    limit 50 for update skip locked
  ), claimed as (
    update items i set held_by = p_worker, hold_until = now() + interval '75 seconds'
    from mine where i.chat_key = mine.chat_key and i.item_id = mine.item_id
    returning i.chat_key, i.item_id
  ), left_behind as (
    -- Fences out whoever held it; whoever takes it within 10 s goes on.
    update publishes p set owner = null, lease_until = now() + case p.state
      when 'in_doubt' then interval '25 minutes' else interval '10 seconds' end
    from (
      select q.chat_key, q.item_id, q.version from publishes q join items i using (chat_key, item_id)
      where q.lease_until < now() and (q.state in ('creating', 'container', 'ready', 'publishing')
        or q.state = 'in_doubt' and i.state = 'in_doubt' and i.version = q.version + 1)
      limit 50 for update of q skip locked) as q
    where p.chat_key = q.chat_key and p.item_id = q.item_id and p.version = q.version
    returning p.chat_key, p.item_id
  )
  select coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into unpublished
  from (select * from claimed union all select * from left_behind) as found;
  return jsonb_build_object('behind', behind, 'again', again, 'unpublished', unpublished, 'next_seconds', (
    select case when min(at) is not null then greatest(0, extract(epoch from min(at) - now())) end from (
      select min(coalesce(claimed_until, now())) as at from cards where shown < want and not gone
      union all select min(hold_until) from items i where state = 'publishing' and not exists (
        select from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id and p.version = i.version)
      union all select min(lease_until) from publishes
        where state in ('creating', 'container', 'ready', 'publishing')) as moments));
end $$;
