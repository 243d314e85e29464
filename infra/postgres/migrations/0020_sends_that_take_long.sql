-- A send takes as long as its file needs: its claim is kept alive meanwhile, and one that fails leaves its reason
-- depends: 0019_doubt_is_never_kept

-- migrate: apply

-- Why a card was not sent, or may not have been; the same reason again is the same line.
create table card_failures (
  chat_key bigint not null,
  item_id bigint not null,
  fate text not null check (fate in ('not_sent', 'refused', 'lost')),
  reason text not null,
  times integer not null default 1 check (times > 0),
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  primary key (chat_key, item_id, fate, reason),
  foreign key (chat_key, item_id) references items
);

create function note_failure(p_item items, p_fate text, p_reason text) returns void language sql as $$
  insert into card_failures (chat_key, item_id, fate, reason)
  values (p_item.chat_key, p_item.item_id, p_fate, p_reason)
  on conflict (chat_key, item_id, fate, reason) do update set times = card_failures.times + 1, last_at = now()
$$;

-- The card is still on its way. Whoever decided the item, or took it over, ends the claim: false.
create function keep_claim(p_chat_key bigint, p_item_id bigint, p_worker text) returns jsonb
language plpgsql set lock_timeout = '2s' as $$
begin
  update items set hold_until = case when state = 'presenting' then now() + interval '60 seconds' else hold_until end,
    resend_at = case when state <> 'presenting' then now() + interval '60 seconds' else resend_at end
  where chat_key = p_chat_key and item_id = p_item_id and held_by = p_worker
    and (state = 'presenting' or resend_at is not null and state <> 'waiting');
  return to_jsonb(found);
end $$;

-- As before, and: why is kept. A second run finds the hold given up, so that it counts nothing twice.
create function send_failed(p_chat_key bigint, p_item_id bigint, p_worker text, p_ambiguous boolean, p_pause_seconds double precision,
                            p_chat_id bigint, p_refused boolean, p_reason text)
returns jsonb language plpgsql set lock_timeout = '2s' as $$
declare
  item items;
  pause interval;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  if item.held_by = p_worker and (item.state = 'presenting' or item.resend_at is not null) then
    perform note_failure(item, case when p_ambiguous then 'lost' when p_refused then 'refused' else 'not_sent' end, p_reason);
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

-- An older version's call, which tells no reason.
create or replace function send_failed(p_chat_key bigint, p_item_id bigint, p_worker text, p_ambiguous boolean, p_pause_seconds double precision,
                            p_chat_id bigint)
returns jsonb language sql as $$
  select send_failed(p_chat_key, p_item_id, p_worker, p_ambiguous, p_pause_seconds, p_chat_id, false, 'not told')
$$;

-- As before, and: the cards that were not sent, with the reason, equal ones in a row.
create or replace function why_item(p_item_id bigint) returns json language plpgsql stable set timezone = 'UTC' as $$
declare
  item items := find_item(p_item_id);
  happened json;
begin
  if item.item_id is null then
    return json_build_object('refused', 'unknown_item', 'item_id', p_item_id);
  end if;
  select json_agg(line order by at, place) into happened from (
    select item.created_at as at, 0 as place,
      json_build_object('id', item.item_id, 'what', 'queued', 'at', item.created_at, 'due_at', item.due_at) as line
    union all
    select k.sent_at, 1, json_build_object('id', item.item_id, 'what', 'card', 'at', k.sent_at,
      'message_id', k.message_id, 'shown', k.shown, 'want', k.want, 'gone', k.gone, 'retired', k.retired)
    from cards k where k.chat_key = item.chat_key and k.item_id = item.item_id
    union all
    select e.at, 2, json_build_object('id', item.item_id, 'what', 'decision', 'at', e.at, 'version', e.version,
      'step', e.step, 'from', e.from_state, 'to', e.to_state, 'user_id', e.user_id, 'user_name', e.user_name,
      'tap_id', e.tap_id, 'message_id', t.message_id, 'note', e.note)
    from item_events e left join taps t on t.chat_key = e.chat_key and t.tap_id = e.tap_id
    where e.chat_key = item.chat_key and e.item_id = item.item_id
    union all
    select t.at, 3, json_build_object('id', item.item_id, 'what', 'tap', 'at', t.at, 'version', t.version,
      'step', t.step, 'outcome', t.outcome, 'user_id', t.user_id, 'user_name', t.user_name,
      'tap_id', t.tap_id, 'message_id', t.message_id)
    from taps t where t.chat_key = item.chat_key and t.item_id = item.item_id and t.outcome <> 'recorded'
    union all
    select e.at, 4, json_build_object('id', item.item_id, 'what', 'publish', 'at', e.at, 'version', e.version,
      'seq', e.seq, 'state', e.state, 'container_id', e.container_id, 'attempt', e.attempt, 'calls', e.calls,
      'sentence', e.sentence, 'worker', e.worker, 'account', a.username, 'media_id', p.media_id,
      'permalink', p.permalink)
    from publish_events e join publishes p using (chat_key, item_id, version)
    left join accounts a on a.chat_key = p.chat_key and a.account_id = p.account_id
    where e.chat_key = item.chat_key and e.item_id = item.item_id
    union all
    select f.last_at, 5, json_build_object('id', item.item_id, 'what', 'card not sent', 'at', f.last_at,
      'first_at', f.first_at, 'times', f.times, 'fate', f.fate, 'reason', f.reason)
    from card_failures f where f.chat_key = item.chat_key and f.item_id = item.item_id
  ) as life;
  return json_build_array(item_line(item), happened);
end $$;

-- migrate: rollback

drop function send_failed(bigint, bigint, text, boolean, double precision, bigint, boolean, text);
create or replace function send_failed(p_chat_key bigint, p_item_id bigint, p_worker text, p_ambiguous boolean, p_pause_seconds double precision,
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

create or replace function why_item(p_item_id bigint) returns json language plpgsql stable set timezone = 'UTC' as $$
declare
  item items := find_item(p_item_id);
  happened json;
begin
  if item.item_id is null then
    return json_build_object('refused', 'unknown_item', 'item_id', p_item_id);
  end if;
  select json_agg(line order by at, place) into happened from (
    select item.created_at as at, 0 as place,
      json_build_object('id', item.item_id, 'what', 'queued', 'at', item.created_at, 'due_at', item.due_at) as line
    union all
    select k.sent_at, 1, json_build_object('id', item.item_id, 'what', 'card', 'at', k.sent_at,
      'message_id', k.message_id, 'shown', k.shown, 'want', k.want, 'gone', k.gone, 'retired', k.retired)
    from cards k where k.chat_key = item.chat_key and k.item_id = item.item_id
    union all
    select e.at, 2, json_build_object('id', item.item_id, 'what', 'decision', 'at', e.at, 'version', e.version,
      'step', e.step, 'from', e.from_state, 'to', e.to_state, 'user_id', e.user_id, 'user_name', e.user_name,
      'tap_id', e.tap_id, 'message_id', t.message_id, 'note', e.note)
    from item_events e left join taps t on t.chat_key = e.chat_key and t.tap_id = e.tap_id
    where e.chat_key = item.chat_key and e.item_id = item.item_id
    union all
    select t.at, 3, json_build_object('id', item.item_id, 'what', 'tap', 'at', t.at, 'version', t.version,
      'step', t.step, 'outcome', t.outcome, 'user_id', t.user_id, 'user_name', t.user_name,
      'tap_id', t.tap_id, 'message_id', t.message_id)
    from taps t where t.chat_key = item.chat_key and t.item_id = item.item_id and t.outcome <> 'recorded'
    union all
    select e.at, 4, json_build_object('id', item.item_id, 'what', 'publish', 'at', e.at, 'version', e.version,
      'seq', e.seq, 'state', e.state, 'container_id', e.container_id, 'attempt', e.attempt, 'calls', e.calls,
      'sentence', e.sentence, 'worker', e.worker, 'account', a.username, 'media_id', p.media_id,
      'permalink', p.permalink)
    from publish_events e join publishes p using (chat_key, item_id, version)
    left join accounts a on a.chat_key = p.chat_key and a.account_id = p.account_id
    where e.chat_key = item.chat_key and e.item_id = item.item_id
  ) as life;
  return json_build_array(item_line(item), happened);
end $$;

drop function keep_claim, note_failure;
drop table card_failures;
