-- Cards that an earlier version may have drawn wrongly are drawn once more
-- depends: 0029_rights_first

-- migrate: apply

-- Until marks were compared, data that a client forged could put another item's buttons on a card, or take its own away. What
-- a message shows cannot be read. Open cards are drawn by whoever starts; these are drawn by and by: five a minute.
alter table cards add column once_more boolean not null default false;
create index cards_once_more on cards (chat_key, message_id) where once_more and not gone;
update cards k set once_more = true from items i
where i.chat_key = k.chat_key and i.item_id = k.item_id and not k.gone and not k.retired
  and i.state in ('posted', 'skipped', 'rejected', 'expired', 'withdrawn') and i.settled_at > now() - interval '30 days';

-- As before, and: five of those that are to be drawn once more.
create or replace function recover(p_worker text, p_everything boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  behind jsonb;
  again jsonb := '[]';
  unpublished jsonb;
  item items;
  chat chats;
  was_behind boolean;
begin
  for item in select i.* from items i join chats c using (chat_key)
    where i.state in ('presenting', 'in_review', 'in_doubt') and (finding_is_outdated(i, c) or note_is_outdated(i, c))
    order by i.chat_key, i.item_id limit 200 for update of i skip locked
  loop
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
    select again || coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
    from (select distinct chat_key, item_id from claimed) as c;
  end if;
  with mine as (
    select chat_key, message_id from cards
    where once_more and not gone and shown >= want and (claimed_until is null or claimed_until < now())
    order by chat_key, message_id desc limit 5 for update skip locked
  ), claimed as (
    update cards k set claimed_by = p_worker, claimed_until = now() + interval '30 seconds', shown = -1, once_more = false
    from mine where k.chat_key = mine.chat_key and k.message_id = mine.message_id
    returning k.chat_key, k.item_id
  )
  select again || coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
  from (select distinct chat_key, item_id from claimed) as c;
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
      union all select now() + interval '1 minute' where exists (select from cards where once_more and not gone)
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
  item items;
  chat chats;
  was_behind boolean;
begin
  for item in select i.* from items i join chats c using (chat_key)
    where i.state in ('presenting', 'in_review', 'in_doubt') and (finding_is_outdated(i, c) or note_is_outdated(i, c))
    order by i.chat_key, i.item_id limit 200 for update of i skip locked
  loop
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
    select again || coalesce(jsonb_agg(item_row(chat_key, item_id)), '[]') into again
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
drop index cards_once_more;
alter table cards drop column once_more;
