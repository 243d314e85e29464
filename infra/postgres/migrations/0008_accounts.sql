-- Accounts
-- depends: 0007_commands

-- migrate: apply

create table accounts (chat_key bigint not null references chats, account_id bigint generated always as identity, ig_user_id text not null, username text not null,
  login text not null check (login in ('facebook','instagram')), sealed_token bytea not null, token_expires_at timestamptz, token_gone boolean not null default false,
  warned_days integer, quota_used integer, quota_total integer, quota_at timestamptz, removed boolean not null default false, created_at timestamptz not null default now(),
  primary key (chat_key, account_id), unique (chat_key, ig_user_id));
alter table chats add column account_id bigint;
alter table chats add foreign key (chat_key, account_id) references accounts;

-- migrate: rollback

alter table chats drop column account_id;
drop table accounts;
