-- Tokens of the accounts: one keeper at a time, each warning once
-- depends: 0010_publishing_taps

-- migrate: apply

-- Who looks after a token, for how long nobody else may, and when it was renewed last.
alter table accounts add column token_held_by text, add column token_hold_until timestamptz,
  add column token_renewed_at timestamptz;

create function sealed_account(p_account accounts) returns jsonb language sql immutable as $$
  select jsonb_build_object('id', p_account.account_id, 'ig_user_id', p_account.ig_user_id,
    'username', p_account.username, 'login', p_account.login,
    'sealed_token', encode(p_account.sealed_token, 'base64'))
$$;

create function token_line(p_account accounts) returns jsonb language sql stable as $$
  select jsonb_build_object('chat_key', c.chat_key, 'chat_id', c.chat_id, 'account', sealed_account(p_account),
    'seconds_left', extract(epoch from p_account.token_expires_at - now()), 'gone', p_account.token_gone,
    'warned_days', p_account.warned_days)
  from chats c where c.chat_key = p_account.chat_key
$$;

-- The tokens that end within 20 days, those of which nobody knows the end (once a day), and those whose end nobody
-- told the team. Asked again with the same owner it answers the same.
create function claim_tokens(p_owner text) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare
  due jsonb;
begin
  with mine as (
    select chat_key, account_id from accounts
    where not removed and (token_hold_until is null or token_hold_until < now() or token_held_by = p_owner)
      and (token_gone and warned_days is distinct from 0
        or not token_gone and (token_expires_at < now() + interval '20 days'
          or token_expires_at is null and coalesce(token_renewed_at, '-infinity') < now() - interval '1 day'))
    order by chat_key, account_id limit 50 for update skip locked
  ), claimed as (
    update accounts a set token_held_by = p_owner, token_hold_until = now() + interval '20 minutes'
    from mine where a.chat_key = mine.chat_key and a.account_id = mine.account_id
    returning a.*
  )
  select coalesce(jsonb_agg(token_line(row(claimed.*)::accounts) order by chat_key, account_id), '[]') into due
  from claimed;
  return due;
end $$;

-- Put a renewed token in the place of the one that it renews: one that the operator brought meanwhile stays. The
-- warnings begin anew once it is good for long.
create function store_token(p_chat_key bigint, p_account_id bigint, p_before bytea, p_after bytea,
                            p_expires_at timestamptz) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  account accounts;
begin
  update accounts set sealed_token = p_after, token_expires_at = p_expires_at, token_gone = false,
    token_renewed_at = now(),
    warned_days = case when p_expires_at < now() + interval '7 days' then warned_days end
  where chat_key = p_chat_key and account_id = p_account_id and not removed and sealed_token in (p_before, p_after)
  returning * into account;
  return case when found then token_line(account) end;
end $$;

-- What is being said of a token, before it is said; only for whoever holds it, and of the token that was looked at. A
-- publish may have found it gone meanwhile.
create function note_token(p_chat_key bigint, p_account_id bigint, p_owner text, p_sealed bytea, p_warned_days integer,
                           p_gone boolean) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
begin
  update accounts set warned_days = p_warned_days, token_gone = token_gone or p_gone
  where chat_key = p_chat_key and account_id = p_account_id and not removed and token_held_by = p_owner
    and sealed_token = p_sealed;
  return to_jsonb(found);
end $$;

-- migrate: rollback

drop function note_token, store_token, claim_tokens, token_line, sealed_account;
alter table accounts drop column token_held_by, drop column token_hold_until, drop column token_renewed_at;
