-- What of the set-up may be missing, in one look; and a hint when a role comes or goes
-- depends: 0024_lost_cards

-- migrate: apply

-- At most so many chats of each kind: somebody who has more than those to mend hears of the next ones then.
create function look_at_set_up() returns jsonb language sql stable as $$
  select jsonb_build_object(
    'accounts', (select count(*) from accounts where not removed),
    'live', (select coalesce(jsonb_agg(chat_id), '[]') from (
      select chat_id from chats where live order by chat_key limit 100) as first),
    'unconnected', (select coalesce(jsonb_agg(chat_id), '[]') from (
      select chat_id from chats where live and account_id is null order by chat_key limit 100) as first),
    'closed', (select coalesce(jsonb_agg(chat_id), '[]') from (
      select chat_id from chats c where restricted and not exists (
        select from members m where m.chat_key = c.chat_key and m.role is not null)
      order by chat_key limit 100) as first),
    'zones', (select coalesce(jsonb_agg(distinct timezone), '[]') from chats))
$$;

-- A role is set by the operator alone: no tap pays for the hint.
create function hint_at_role() returns trigger language plpgsql as $$
begin
  perform pg_notify('everytap', '');
  return null;
end $$;
create trigger members_get_a_role after insert on members
  for each row when (new.role is not null) execute function hint_at_role();
create trigger members_change_their_role after update of role on members
  for each row when (old.role is distinct from new.role) execute function hint_at_role();

-- migrate: rollback

drop trigger members_change_their_role on members;
drop trigger members_get_a_role on members;
drop function hint_at_role, look_at_set_up;
