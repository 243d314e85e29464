-- The look ahead: whether Auto Post would work, said on the card before the first tap.
--
-- A finding is of an item's version and of a connection (which account, by which token, and whether Instagram takes
-- it): a decision outdates it, and so does a new or a refused token. `recover` (cards.sql) finds outdated ones and has
-- their cards drawn. Lock order: item, account, card. Callers: infra/postgres/preflight.py.

-- By what a chat publishes: which account, by which token, and whether Instagram takes it. Null: by nothing.
create or replace function connection_of(p_chat_key bigint, p_account_id bigint) returns text language sql stable as $$
  select md5(concat_ws(' ', account_id, token_gone::int, encode(sealed_token, 'hex'))) from accounts
  where chat_key = p_chat_key and account_id = p_account_id and not removed $$;
create or replace function finding_is_outdated(p_item items, p_chat chats) returns boolean language sql stable as $$
  select p_item.preflight_version = p_item.version
    and p_item.preflight_connection is distinct from connection_of(p_chat.chat_key, p_chat.account_id) $$;

-- The account of a doubt is the one by which it was published, whichever the chat has meanwhile.
create or replace function note_is_outdated(p_item items, p_chat chats) returns boolean language sql stable as $$
  select p_item.note_version = p_item.version and exists (
    select from accounts a where a.chat_key = p_item.chat_key and not a.removed and not a.token_gone
      and coalesce(access_ends_at(a) > now(), true)
      and p_item.note_connection is distinct from connection_of(a.chat_key, a.account_id)
      and a.account_id = case p_item.state when 'in_doubt' then (
        select p.account_id from publishes p where p.chat_key = p_item.chat_key and p.item_id = p_item.item_id
          and p.version = p_item.version - 1) else p_chat.account_id end) $$;

create or replace function look_ahead(p_chat_key bigint) returns jsonb language sql stable as $$
  select jsonb_build_object('account', sealed_account(a), 'gone', a.token_gone,
    'seconds_left', extract(epoch from access_ends_at(a) - now()),
    'connection', connection_of(a.chat_key, a.account_id), 'quota', case when a.quota_at > now() - interval '10 minutes'
      then jsonb_build_array(a.quota_used, a.quota_total) end)
  from chats c join accounts a on a.chat_key = c.chat_key and a.account_id = c.account_id and not a.removed
  where c.chat_key = p_chat_key $$;

-- Only for the version and the connection that were looked at; null: another one counts meanwhile.
create or replace function store_finding(p_chat_key bigint, p_item_id bigint, p_version integer, p_finding text,
  p_account_id bigint, p_connection text, p_used integer, p_total integer, p_worker text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare item items;
begin
  select * into item from items where chat_key = p_chat_key and item_id = p_item_id for update;
  if p_used is not null then
    update accounts set quota_used = p_used, quota_total = p_total, quota_at = now()
    where chat_key = p_chat_key and account_id = p_account_id;
  end if;
  if item.version is distinct from p_version or item.state not in ('presenting', 'in_review') or p_connection
      is distinct from (select connection_of(chat_key, account_id) from chats where chat_key = p_chat_key) then
    return null;
  end if;
  if (item.preflight, item.preflight_version, item.preflight_connection)
      is distinct from (p_finding, p_version, p_connection) then
    update items set preflight = p_finding, preflight_version = p_version, preflight_connection = p_connection,
      revision = revision + 1 where chat_key = p_chat_key and item_id = p_item_id returning * into item;
  end if;
  perform claim_cards(p_chat_key, p_item_id, item.revision, p_worker);
  return item_row(p_chat_key, p_item_id);
end $$;
