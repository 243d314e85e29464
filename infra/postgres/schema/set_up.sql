-- What of the set-up may be missing, in one look without a lock. Callers: infra/postgres/set_up.py, for a worker's
-- notices and for the command line, which says after each change what the chat still lacks.

-- At most a hundred chats of each kind: the next ones are told once these are mended.
create or replace function look_at_set_up() returns jsonb language sql stable as $$
  select jsonb_build_object(
    'accounts', (select count(*) from accounts where not removed),
    'live', (select coalesce(jsonb_agg(chat_id), '[]') from (
      select chat_id from chats where live order by chat_key limit 100) as first),
    'unconnected', (select coalesce(jsonb_agg(chat_id), '[]') from (
      select chat_id from chats where live and account_id is null order by chat_key limit 100) as first),
    'closed', (select coalesce(jsonb_agg(chat_id), '[]') from (
      select chat_id from chats c where restricted and not exists (
        select from members m where m.chat_key = c.chat_key and m.role is not null)
      order by chat_key limit 100) as first), 'zones', (select coalesce(jsonb_agg(distinct timezone), '[]') from chats))
$$;
