-- A card that is lost is seen to be: by who asks for it, and in the words of its end
-- depends: 0023_whose_button

-- migrate: apply

-- Two sends of which nobody knows, and no message that anybody can tap. The next try is a person's /next.
create function card_lost(p_item items) returns boolean language sql stable as $$
  select p_item.state = 'in_review' and p_item.lost_sends >= 2 and p_item.resend_at is null and not has_card(p_item)
$$;

-- As before, and: whether its card is lost.
create or replace function item_row(p_chat_key bigint, p_item_id bigint) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'chat_key', i.chat_key, 'chat_id', c.chat_id, 'id', i.item_id, 'mark', i.mark, 'state', i.state, 'version', i.version,
    'revision', i.revision, 'due_at', i.due_at, 'timezone', c.timezone, 'live', c.live,
    'account', coalesce(i.account, c.account), 'note', i.note, 'late', i.late,
    'preflight', case when i.preflight_version = i.version and i.preflight_account is not distinct from c.account_id
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

-- As before, and: whose card is lost by this very look, since a worker died over its second send, is told; and an item
-- expires with a note if nobody could tap it.
create or replace function claim_due(p_worker text, p_key text default null) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
  item items;
  present jsonb := '[]';
  expired jsonb := '[]';
  lost jsonb := '[]';
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
    perform decide_item(item, 'expire', null, null, null,
      case when card_lost(item) then 'Nobody could tap: its card could not be shown.' end, p_worker);
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
    if item.state = 'presenting' and item.held_by is not null then
      perform note_failure(item, 'lost', 'its worker ended before it knew');
    end if;
    if item.state = 'presenting' and item.lost_sends >= 1 then
      -- Two sends of which nobody knows: it counts as presented, and the next card is a person's wish.
      update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now(),
        hold_until = null, held_by = null where chat_key = item.chat_key and item_id = item.item_id;
      lost := lost || item_row(item.chat_key, item.item_id);
    else
      present := present || item_row(item.chat_key, item.item_id);
    end if;
  end loop;
  return jsonb_build_object('present', present, 'expired', expired, 'lost', lost, 'next_seconds', next_due_seconds());
end $$;

-- As before, and: how many cards are lost.
create or replace function look_at_chat(p_chat_id bigint, p_user bigint, p_most integer) returns jsonb language sql stable as $$
  select jsonb_build_object('permitted', may_tap(c, p_user), 'timezone', c.timezone, 'live', c.live, 'paused', c.paused,
    'waiting', (select count(*) from items where chat_key = c.chat_key and state in ('waiting', 'presenting')),
    'in_review', (select count(*) from items
      where chat_key = c.chat_key and state in ('in_review', 'publishing', 'in_doubt')),
    'cards_lost', (select count(*) from items i where i.chat_key = c.chat_key and card_lost(i)),
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

-- migrate: rollback

create or replace function look_at_chat(p_chat_id bigint, p_user bigint, p_most integer) returns jsonb language sql stable as $$
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

create or replace function item_row(p_chat_key bigint, p_item_id bigint) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'chat_key', i.chat_key, 'chat_id', c.chat_id, 'id', i.item_id, 'mark', i.mark, 'state', i.state, 'version', i.version,
    'revision', i.revision, 'due_at', i.due_at, 'timezone', c.timezone, 'live', c.live,
    'account', coalesce(i.account, c.account), 'note', i.note, 'late', i.late,
    'preflight', case when i.preflight_version = i.version and i.preflight_account is not distinct from c.account_id
      then i.preflight end, 'presented_at', i.presented_at,
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

drop function card_lost;
