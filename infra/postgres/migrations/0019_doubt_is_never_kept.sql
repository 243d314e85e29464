-- A doubt about what a card shows is never taken for what it shows
-- depends: 0018_what_is_behind_is_recovered

-- migrate: apply

-- As before; but "nobody knows what it shows" (-1) has the card drawn again, also if whoever says so has claimed it: a tap
-- that was stored once more, late, had left such a claim, and the doubt was lost in it.
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
      said.revision >= 0 and ((k.claimed_by is not distinct from p_worker and k.shown <> -2)
        or (k.claimed_by is null and k.shown = said.revision)) as kept
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

-- migrate: rollback

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
