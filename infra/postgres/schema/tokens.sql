-- Tokens of Instagram accounts: one worker at a time looks after those that end soon, renews them or warns the team.
--
-- `claim_tokens` holds a token for 20 minutes, under an owner that is asked again with the same answer. `store_token`
-- and `note_token` compare the sealed token that was looked at: one that the operator brought meanwhile stays, and is
-- not warned of. What a warning says is noted before it is said. No token is ever readable here: it is sealed by the
-- worker's keys. Lock order: accounts alone, by skip locked. Callers: infra/postgres/tokens.py.

create or replace function sealed_account(p_account accounts) returns jsonb language sql immutable as $$
  select jsonb_build_object('id', p_account.account_id, 'ig_user_id', p_account.ig_user_id,
    'username', p_account.username, 'login', p_account.login, 'sealed_token', encode(p_account.sealed_token, 'base64'))
$$;

create or replace function token_line(p_account accounts) returns jsonb language sql stable as $$
  select jsonb_build_object('chat_key', c.chat_key, 'chat_id', c.chat_id, 'topic', c.topic, 'account', sealed_account(p_account),
    'seconds_left', extract(epoch from access_ends_at(p_account) - now()), 'gone', p_account.token_gone,
    'warned_days', p_account.warned_days)
  from chats c where c.chat_key = p_account.chat_key $$;

-- The tokens that end within 20 days, or whose access to data does; those whose end is unknown, or was assumed when they
-- were brought (once a day), and those whose end the team was not told. Asked again with the same owner it answers the same.
create or replace function claim_tokens(p_owner text) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare due jsonb;
begin
  with mine as (
    select chat_key, account_id from accounts
    where not removed and (token_hold_until is null or token_hold_until < now() or token_held_by = p_owner)
      and (token_gone and warned_days is distinct from 0
        or not token_gone and (access_ends_at(accounts) < now() + interval '20 days'
          or (token_expires_at is null or login = 'instagram' and token_renewed_at is null) and coalesce(token_renewed_at, '-infinity') < now() - interval '1 day'))
    order by chat_key, account_id limit 50 for update skip locked), claimed as (
    update accounts a set token_held_by = p_owner, token_hold_until = now() + interval '20 minutes'
    from mine where a.chat_key = mine.chat_key and a.account_id = mine.account_id returning a.*)
  select coalesce(jsonb_agg(token_line(row(claimed.*)::accounts) order by chat_key, account_id), '[]') into due
  from claimed;
  return due;
end $$;

-- Put a renewed token in the place of the one that it renews; the warnings begin anew once it is good for long.
create or replace function store_token(p_chat_key bigint, p_account_id bigint, p_before bytea, p_after bytea,
  p_expires_at timestamptz, p_data_access_ends_at timestamptz) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare account accounts;
begin
  update accounts set sealed_token = p_after, token_expires_at = p_expires_at, token_gone = false,
    data_access_ends_at = coalesce(p_data_access_ends_at, data_access_ends_at), token_renewed_at = now(),
    warned_days = case when least(p_expires_at, coalesce(p_data_access_ends_at, data_access_ends_at))
      < now() + interval '7 days' then warned_days end
  where chat_key = p_chat_key and account_id = p_account_id and not removed and sealed_token in (p_before, p_after)
  returning * into account;
  return case when found then token_line(account) end;
end $$;

-- What is being said of a token, before it is said; by its holder only. A publish may have found it gone meanwhile.
create or replace function note_token(p_chat_key bigint, p_account_id bigint, p_owner text, p_sealed bytea,
  p_warned_days integer, p_gone boolean) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
begin
  update accounts set warned_days = p_warned_days, token_gone = token_gone or p_gone
  where chat_key = p_chat_key and account_id = p_account_id and not removed and token_held_by = p_owner
    and sealed_token = p_sealed;
  return to_jsonb(found);
end $$;
