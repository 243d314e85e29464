-- The command line on the queue: what is added, taken out, brought back, listed, and explained (`why`).
--
-- `operator_…` is what the command line calls: the same as for people, and a row of item_changes by which a worker
-- tells it in the log. Lock order: item, tap, card; locks of stories are looked at after the row, so that one that is
-- being set this moment is seen. Callers: infra/postgres/admin.py; `requeue_item` is /requeue's as well (commands.sql).

create or replace function item_line(p_item items) returns json language sql stable set timezone = 'UTC' as $$
  select json_build_object('id', p_item.item_id, 'chat_id', c.chat_id, 'chat_title', c.title, 'timezone', c.timezone,
    'media_id', p_item.media_id, 'title', m.title, 'file_name', m.file_name, 'state', p_item.state,
    'version', p_item.version, 'due_at', p_item.due_at, 'presented_at', p_item.presented_at,
    'settled_step', p_item.settled_step, 'settled_by', p_item.settled_name, 'settled_at', p_item.settled_at,
    'account', coalesce(p_item.account, c.account), 'note', p_item.note, 'held_by', p_item.held_by,
    'lost_sends', p_item.lost_sends,
    'set_aside', case when p_item.state in ('waiting', 'in_review', 'publishing', 'in_doubt') then p_item.set_aside end,
    'chat_refused', case when p_item.state in ('waiting', 'presenting') then c.refused end,
    'created_at', p_item.created_at)
  from chats c join media m on m.chat_key = c.chat_key
  where c.chat_key = p_item.chat_key and m.media_id = p_item.media_id $$;

create or replace function locked(p_lock locks) returns json language sql stable set timezone = 'UTC' as $$
  select json_build_object('refused', 'locked', 'kind', p_lock.kind, 'item_id', p_lock.item_id, 'at', p_lock.at,
    'media_id', p_lock.media_id, 'timezone', zone_of(p_lock.chat_key), 'until', nullif(p_lock.until, 'infinity')) $$;
create or replace function cannot(p_step text, p_item items) returns json language sql stable set timezone = 'UTC' as $$
  select json_build_object('refused', 'cannot_' || p_step, 'item_id', p_item.item_id, 'state', p_item.state,
    'timezone', zone_of(p_item.chat_key), 'settled_by', p_item.settled_name, 'settled_at', p_item.settled_at) $$;
create or replace function queued_already(p_chat_key bigint, p_media_id bigint) returns json language sql stable as $$
  select json_build_object('refused', 'queued_already', 'media_id', p_media_id, 'item_id', (
    select item_id from items where chat_key = p_chat_key and media_id = p_media_id
      and state in ('waiting', 'presenting', 'in_review', 'publishing', 'in_doubt'))) $$;

-- An item by its id alone; the chats are few, and each is one look into the key.
create or replace function find_item(p_item_id bigint) returns items language sql stable as $$
  select i from chats c join items i on i.chat_key = c.chat_key and i.item_id = p_item_id $$;

-- The row comes first and the lock is looked at after it: an item of the same story that is being settled right now is
-- waited for by the unique index, so its lock is seen.
create or replace function add_item(p_chat_id bigint, p_media_id bigint, p_due timestamptz, p_force boolean)
  returns json language plpgsql set lock_timeout = '2s' as $$
declare key bigint := (select chat_key from chats where chat_id = p_chat_id); item items; held locks;
begin
  if key is null then return unknown_chat(p_chat_id); end if;
  if not exists (select from media where chat_key = key and media_id = p_media_id) then
    return json_build_object('refused', 'unknown_media', 'chat_id', p_chat_id, 'media_id', p_media_id);
  end if;
  insert into items (chat_key, media_id, due_at) values (key, p_media_id, p_due)
  on conflict (chat_key, media_id) where state in ('waiting', 'presenting', 'in_review', 'publishing', 'in_doubt')
  do nothing returning * into item;
  if not found then return queued_already(key, p_media_id); end if;
  held := holding_lock(key, p_media_id, null);
  if held.kind = 'rejected' or (held.kind is not null and not p_force) then
    delete from items where chat_key = key and item_id = item.item_id;
    return locked(held);
  end if;
  perform pg_notify('everytap', '');
  return item_line(item);
end $$;

-- Its cards are left unclaimed: the worker that hears of it draws them.
create or replace function remove_item(p_item_id bigint, p_by text) returns json
language plpgsql set lock_timeout = '2s' as $$
declare item items := find_item(p_item_id);
begin
  select * into item from items where chat_key = item.chat_key and item_id = item.item_id for update;
  if not found then return json_build_object('refused', 'unknown_item', 'item_id', p_item_id); end if;
  if next_state(item.state, 'withdraw') is null then return cannot('withdraw', item); end if;
  perform decide_item(item, 'withdraw', null, p_by, null, null, null);
  perform pg_notify('everytap', '');
  return item_line(find_item(p_item_id));
end $$;

-- What was set aside is tried again. Else a new round: the cards of the old one are drawn once more, as retired, and then never again. Bringing a skipped story
-- back takes that skip's lock back; the locks of other rounds hold, also one that was set this very moment.
create or replace function requeue_item(p_item_id bigint, p_due timestamptz, p_force boolean, p_by text) returns json
language plpgsql set lock_timeout = '2s' as $$
declare item items := find_item(p_item_id); held locks;
begin
  select * into item from items where chat_key = item.chat_key and item_id = item.item_id for update;
  if not found then return json_build_object('refused', 'unknown_item', 'item_id', p_item_id); end if;
  if item.state = 'waiting' and item.set_aside is not null then
    update items set due_at = coalesce(p_due, now()), set_aside = null
    where chat_key = item.chat_key and item_id = item.item_id;
    perform pg_notify('everytap', '');
    return item_line(find_item(p_item_id));
  end if;
  if next_state(item.state, 'requeue') is null then return cannot('requeue', item); end if;
  begin
    perform decide_item(item, 'requeue', null, p_by, null, null, null);
    held := holding_lock(item.chat_key, item.media_id, item.item_id);
    if held.kind = 'rejected' or (held.kind is not null and not p_force) then raise sqlstate 'EV001'; end if;
  exception
    when unique_violation then return queued_already(item.chat_key, item.media_id);
    when sqlstate 'EV001' then return locked(held);
  end;
  update items set due_at = coalesce(p_due, now()), presented_at = null, lost_sends = 0, hold_until = null,
    held_by = null, account = null, set_aside = null where chat_key = item.chat_key and item_id = item.item_id;
  update cards set retired = true where chat_key = item.chat_key and item_id = item.item_id;
  delete from locks where chat_key = item.chat_key and media_id = item.media_id and kind = 'skipped'
    and item_id = item.item_id;
  perform pg_notify('everytap', '');
  return item_line(find_item(p_item_id));
end $$;

-- What the command line changed is told in the log, by a worker.
create or replace function told_by_worker(p_line json, p_change text) returns json language plpgsql as $$
begin
  if p_line->>'refused' is null then
    perform note_change(find_item((p_line->>'id')::bigint), p_change, 'command line');
  end if;
  return p_line;
end $$;
create or replace function operator_queues(p_chat_id bigint, p_media_id bigint, p_due timestamptz, p_force boolean)
  returns json language sql set lock_timeout = '2s' as $$
  select told_by_worker(add_item(p_chat_id, p_media_id, p_due, p_force), 'queued') $$;
create or replace function operator_removes(p_item_id bigint, p_by text) returns json
language sql set lock_timeout = '2s' as $$ select told_by_worker(remove_item(p_item_id, p_by), 'withdrawn') $$;
create or replace function operator_requeues(p_item_id bigint, p_due timestamptz, p_force boolean, p_by text)
  returns json language sql set lock_timeout = '2s' as $$
  select told_by_worker(requeue_item(p_item_id, p_due, p_force, p_by), 'requeued') $$;

create or replace function list_items(p_chat_id bigint, p_all boolean) returns json language sql stable as $$
  select case when p_chat_id is not null and not exists (select from chats where chat_id = p_chat_id)
    then unknown_chat(p_chat_id) else coalesce((
      select json_agg(item_line(i) order by i.due_at, i.item_id) from items i join chats c using (chat_key)
      where (p_chat_id is null or c.chat_id = p_chat_id)
        and (p_all or i.state in ('waiting', 'presenting', 'in_review', 'publishing', 'in_doubt'))), '[]') end $$;

-- The life of an item: its row first, then what happened to it, in order. A tap that took effect is its decision.
create or replace function why_item(p_item_id bigint) returns json language plpgsql stable set timezone = 'UTC' as $$
declare item items := find_item(p_item_id); happened json;
begin
  if item.item_id is null then return json_build_object('refused', 'unknown_item', 'item_id', p_item_id); end if;
  select json_agg(line order by at, place) into happened from (
    select item.created_at as at, 0 as place,
      json_build_object('id', item.item_id, 'what', 'queued', 'at', item.created_at, 'due_at', item.due_at) as line
    union all select k.sent_at, 1, json_build_object('id', item.item_id, 'what', 'card', 'at', k.sent_at,
      'message_id', k.message_id, 'shown', k.shown, 'want', k.want, 'gone', k.gone, 'retired', k.retired)
    from cards k where k.chat_key = item.chat_key and k.item_id = item.item_id
    union all
    select e.at, 2, json_build_object('id', item.item_id, 'what', 'decision', 'at', e.at, 'version', e.version,
      'step', e.step, 'from', e.from_state, 'to', e.to_state, 'user_id', e.user_id, 'user_name', e.user_name,
      'tap_id', e.tap_id, 'message_id', t.message_id, 'note', e.note)
    from item_events e left join taps t on t.chat_key = e.chat_key and t.tap_id = e.tap_id
    where e.chat_key = item.chat_key and e.item_id = item.item_id
    union all select t.at, 3, json_build_object('id', item.item_id, 'what', 'tap', 'at', t.at, 'version', t.version,
      'step', t.step, 'outcome', t.outcome, 'user_id', t.user_id, 'user_name', t.user_name,
      'tap_id', t.tap_id, 'message_id', t.message_id)
    from taps t where t.chat_key = item.chat_key and t.item_id = item.item_id and t.outcome <> 'recorded'
    union all select e.at, 4, json_build_object('id', item.item_id, 'what', 'publish', 'at', e.at, 'version', e.version,
      'seq', e.seq, 'state', e.state, 'container_id', e.container_id, 'attempt', e.attempt, 'calls', e.calls,
      'answers', e.answers, 'sentence', e.sentence, 'worker', e.worker, 'account', a.username, 'media_id', p.media_id,
      'permalink', p.permalink, 'insights', p.insights)
    from publish_events e join publishes p using (chat_key, item_id, version)
    left join accounts a on a.chat_key = p.chat_key and a.account_id = p.account_id
    where e.chat_key = item.chat_key and e.item_id = item.item_id
    union all select f.last_at, 5, json_build_object('id', item.item_id, 'what', 'card not sent', 'at', f.last_at,
      'first_at', f.first_at, 'times', f.times, 'fate', f.fate, 'reason', f.reason)
    from card_failures f where f.chat_key = item.chat_key and f.item_id = item.item_id
  ) as life;
  return json_build_array(item_line(item), happened);
end $$;
