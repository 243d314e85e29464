-- The command line on Instagram accounts: connect, choose, forget, seal again.
--
-- An account that is removed keeps its row, since old stories name it, and loses its token. What was tapped before a
-- change stays with the account of then. Lock order: items, chat, accounts, as a publish takes them; a chat by `no key
-- update`, since every tap refers to its key. Callers: infra/postgres/admin.py, for the console.

-- The token's end, or that of the access to data, which takes all use from it: whichever comes first.
create or replace function access_ends_at(p_account accounts) returns timestamptz language sql immutable as $$
  select least(p_account.token_expires_at, p_account.data_access_ends_at) $$;

create or replace function account_shown(p_account accounts) returns json language sql stable as $$
  select json_build_object('id', p_account.account_id, 'chat_id', c.chat_id, 'timezone', c.timezone,
    'username', p_account.username, 'login', p_account.login, 'ig_user_id', p_account.ig_user_id,
    'active', c.account_id is not distinct from p_account.account_id,
    'token_expires_at', p_account.token_expires_at, 'token_gone', p_account.token_gone,
    'data_access_ends_at', p_account.data_access_ends_at)
  from chats c where c.chat_key = p_account.chat_key $$;

create or replace function unknown_account(p_account_id bigint) returns json language sql immutable as $$
  select json_build_object('refused', 'unknown_account', 'account_id', p_account_id) $$;
create or replace function find_account(p_account_id bigint) returns accounts language sql stable as $$
  select * from accounts where account_id = p_account_id and not removed $$;

-- Make it the one by which the chat publishes from now on (null: none); open cards show it.
create or replace function activate_account(p_chat_key bigint, p_account_id bigint) returns void language plpgsql as $$
begin
  perform outdate_open_cards(p_chat_key);
  update chats set account_id = p_account_id, account = null where chat_key = p_chat_key;
  perform pg_notify('everytap', '');
end $$;

-- The same account once more is a new token for it. The first one of a chat is its active one.
create or replace function add_account(p_chat_id bigint, p_ig_user_id text, p_username text, p_login text,
  p_sealed bytea, p_expires_at timestamptz, p_data_access_ends_at timestamptz) returns json language plpgsql set lock_timeout = '2s' as $$
declare chat chats; account accounts;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then return unknown_chat(p_chat_id); end if;
  -- Items before accounts, as a publish does, and before their chat, as everywhere. The chat's key stays free: every
  -- tap refers to it.
  perform from items where chat_key = chat.chat_key
    and state in ('presenting', 'in_review', 'publishing', 'in_doubt') order by item_id for update;
  select * into chat from chats where chat_key = chat.chat_key for no key update;
  insert into accounts as a (chat_key, ig_user_id, username, login, sealed_token, token_expires_at, data_access_ends_at)
  values (chat.chat_key, p_ig_user_id, p_username, p_login, p_sealed, p_expires_at, p_data_access_ends_at)
  on conflict (chat_key, ig_user_id) do update set username = excluded.username, login = excluded.login,
    sealed_token = excluded.sealed_token, token_expires_at = excluded.token_expires_at, token_gone = false,
    data_access_ends_at = excluded.data_access_ends_at, warned_days = null, removed = false, token_held_by = null, token_hold_until = null, token_renewed_at = null
  returning * into account;
  if coalesce(chat.account_id, account.account_id) = account.account_id then
    perform activate_account(chat.chat_key, account.account_id);
  end if;
  return account_shown(account);
end $$;

create or replace function set_account(p_account_id bigint) returns json language plpgsql set lock_timeout = '2s' as $$
declare account accounts := find_account(p_account_id);
begin
  if account.account_id is null then return unknown_account(p_account_id); end if;
  perform activate_account(account.chat_key, account.account_id);
  return account_shown(account);
end $$;

-- Its row stays, because old stories name it; its token does not.
create or replace function remove_account(p_account_id bigint) returns json
language plpgsql set lock_timeout = '2s' as $$
declare account accounts := find_account(p_account_id); line json;
begin
  if account.account_id is null then return unknown_account(p_account_id); end if;
  if exists (select from publishes where chat_key = account.chat_key and account_id = account.account_id
      and state not in ('published', 'refused', 'cancelled', 'in_doubt')) then
    return json_build_object('refused', 'account_busy', 'account_id', p_account_id, 'username', account.username);
  end if;
  line := account_shown(account);
  if exists (select from chats where chat_key = account.chat_key and account_id = account.account_id) then
    perform activate_account(account.chat_key, null);
  end if;
  update accounts set removed = true, token_gone = true, sealed_token = ''
  where chat_key = account.chat_key and account_id = account.account_id;
  return line;
end $$;

create or replace function list_accounts(p_chat_id bigint) returns json language sql stable as $$
  select case when p_chat_id is not null and not exists (select from chats where chat_id = p_chat_id)
    then unknown_chat(p_chat_id) else coalesce((
      select json_agg(account_shown(a) order by c.title, c.chat_id, a.username, a.account_id)
      from accounts a join chats c using (chat_key)
      where not a.removed and (p_chat_id is null or c.chat_id = p_chat_id)), '[]') end $$;

create or replace function sealed_tokens() returns json language sql stable as $$
  select coalesce(json_agg(json_build_object('id', account_id, 'username', username,
    'sealed', encode(sealed_token, 'escape')) order by account_id), '[]') from accounts where not removed $$;

-- A token that was renewed meanwhile stays: it was sealed with the newest key.
create or replace function reseal_token(p_account_id bigint, p_old bytea, p_new bytea) returns json
language plpgsql set lock_timeout = '2s' as $$
begin
  update accounts set sealed_token = p_new where account_id = p_account_id and sealed_token = p_old;
  return coalesce(account_shown(find_account(p_account_id)), unknown_account(p_account_id));
end $$;
