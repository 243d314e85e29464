-- A claim that was lost disturbs the claim that there is: its holder may have drawn before us
-- depends: 0013_account_desk

-- migrate: apply

-- p_shown: an array of [chat_key, message_id, revision, gone]; of one card the newest counts. A claim that was lost to
-- another worker means that our edit may have come after a newer one: the card is drawn again, by the holder of the
-- claim. He may have drawn before us, so his next acknowledgement counts for nothing, too (shown = -2), and he draws once
-- more; were we to draw as well, each could cover the other's edit for ever. Answers how many were lost.
-- A card that is known to show this very revision, and that nobody draws, was acknowledged before: nothing is lost.
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
