-- Leases, the interaction log, and what has outlived its use.
--
-- The poll lease: one worker asks Telegram for updates. Only the database's clock counts. A lone holder takes it for a
-- day and renews nothing, so that an idle database can sleep; a standby registers itself and cuts that to
-- p_cut_seconds, within which a living holder, woken by the platform's 409, renews. `token` grows with every change of
-- the owner. Interactions come in batches whose key makes a second write harmless. `prune` deletes in bounded bites.
-- Lock order: one table each. Callers: infra/postgres/housekeeping.py.

-- Take or renew the lease, or register as the standby of its holder.
create or replace function hold_lease(p_name text, p_worker text, p_seconds double precision,
  p_cut_seconds double precision) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare lease leases;
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
  where l.owner = p_worker or l.expires_at < now() returning * into lease;
  if lease.owner is null then
    update leases set standby = p_worker, standby_at = now(),
      expires_at = least(expires_at, now() + make_interval(secs => p_cut_seconds))
    where name = p_name returning * into lease;
  end if;
  return jsonb_build_object('held', lease.owner = p_worker,
    'contested', lease.standby is not null and lease.standby_at > now() - interval '30 seconds',
    'seconds_left', extract(epoch from lease.expires_at - now()));
end $$;

create or replace function release_lease(p_name text, p_worker text) returns jsonb language sql as $$
  with released as (
    update leases set expires_at = now() - interval '1 second' where name = p_name and owner = p_worker returning 1)
  select to_jsonb(exists (select from released)) $$;

-- One batch; lines of unknown chats are dropped, those of the group of before a move are its supergroup's.
create or replace function write_interactions(p_batch text, p_lines jsonb) returns jsonb language plpgsql as $$
declare written integer := 0;
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

-- Commands go after two days: Telegram keeps an update for one, and a group that became a supergroup counts its
-- messages anew. Answers how many rows went.
create or replace function prune() returns jsonb language sql as $$
  with talk as (delete from interactions where (chat_key, id) in (
      select chat_key, id from interactions where at < now() - interval '30 days' limit 5000) returning 1),
    pressed as (delete from taps where (chat_key, tap_id) in (
      select chat_key, tap_id from taps where at < now() - interval '30 days' limit 5000) returning 1),
    typed as (delete from commands where (chat_key, message_id) in (
      select chat_key, message_id from commands where at < now() - interval '2 days' limit 5000) returning 1),
    batches as (delete from interaction_batches where batch in (
      select batch from interaction_batches where at < now() - interval '1 day' limit 5000) returning 1)
  select to_jsonb((select count(*) from talk) + (select count(*) from pressed) + (select count(*) from typed)
    + (select count(*) from batches)) $$;
