-- Calls of releases that may run beside this one: each signature with the last release that needs it, and when it goes.
--
-- Two releases run side by side while workers are replaced, and the older one goes on calling what it knows. A
-- signature that changes keeps its old form here, in terms of the new one, until no release that may run beside ours
-- calls it; then its line is replaced by a `drop function if exists` below, which stays for as long as a database may
-- have it. A function whose meaning changes gets a new name: `create or replace` would change a running older worker.

-- Called by 0.1 before buttons had marks (to commit 615e268). Goes in 0.3.
create or replace function record_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
  p_item_id bigint, p_version integer, p_step text, p_worker text) returns jsonb language sql as $$
  select record_tap(p_tap, p_chat_id, p_message, p_user, p_name, p_item_id, p_version, p_step, p_worker, null, false)
$$;
create or replace function close_tap(p_tap text, p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
  p_item_id bigint, p_version integer, p_step text) returns jsonb language sql as $$
  select close_tap(p_tap, p_chat_id, p_message, p_user, p_name, p_item_id, p_version, p_step, null, false) $$;

-- Called by 0.1 before rights came first (to c7cc06f): for no person. Goes in 0.3.
create or replace function look_at_button(p_chat_id bigint, p_message bigint, p_item_id bigint, p_mark text,
  p_shown boolean) returns jsonb language sql set lock_timeout = '300ms' as $$
  select adopt_card(p_chat_id, p_message, p_item_id, p_mark, p_shown) $$;

-- Called by 0.1 before changes were told by a worker (to 0ae1052): it tells by itself what has expired. Goes in 0.3.
create or replace function claim_due(p_worker text, p_key text default null) returns jsonb language sql as $$
  select claim_due(p_worker, p_key, false) $$;

-- Called by 0.1 before a send's end had a reason (to 509e11f). Goes in 0.3.
create or replace function send_failed(p_chat_key bigint, p_item_id bigint, p_worker text, p_ambiguous boolean,
  p_pause_seconds double precision, p_chat_id bigint) returns jsonb language sql as $$
  select send_failed(p_chat_key, p_item_id, p_worker, p_ambiguous, p_pause_seconds, p_chat_id, false, 'not told') $$;

-- Called by 0.1 before a finding was of a connection (to e2af89c). Goes in 0.3.
create or replace function store_finding(p_chat_key bigint, p_item_id bigint, p_version integer, p_finding text,
  p_account_id bigint, p_used integer, p_total integer, p_worker text) returns jsonb language sql as $$
  select store_finding(p_chat_key, p_item_id, p_version, p_finding, p_account_id, (
    select connection_of(chat_key, account_id) from chats where chat_key = p_chat_key and account_id = p_account_id),
    p_used, p_total, p_worker) $$;

-- Called by 0.1 before what /requeue did was kept for the log (to 69d0427). Goes in 0.3.
create or replace function requeue_by_command(p_chat_id bigint, p_message bigint, p_user bigint, p_name text,
  p_item_id bigint) returns jsonb language sql as $$
  select requeue_by_command(p_chat_id, p_message, p_user, p_name, p_item_id, false) $$;

-- Called by 0.1 before it had the trade's name (to f67c445). Goes in 0.3.
create or replace function tidy_up() returns jsonb language sql as $$ select prune() $$;

-- Called by 0.1 before the access to data was kept (to 640d670). Goes in 0.3.
create or replace function store_token(p_chat_key bigint, p_account_id bigint, p_before bytea, p_after bytea,
  p_expires_at timestamptz) returns jsonb language sql as $$
  select store_token(p_chat_key, p_account_id, p_before, p_after, p_expires_at, null) $$;
create or replace function add_account(p_chat_id bigint, p_ig_user_id text, p_username text, p_login text,
  p_sealed bytea, p_expires_at timestamptz) returns json language sql as $$
  select add_account(p_chat_id, p_ig_user_id, p_username, p_login, p_sealed, p_expires_at, null) $$;

-- Called by 0.1 before a card showed where its story is (to 640d670). Goes in 0.3.
create or replace function save_permalink(p_chat_key bigint, p_item_id bigint, p_version integer, p_permalink text)
  returns jsonb language sql as $$
  select save_permalink(p_chat_key, p_item_id, p_version, p_permalink, null);
  select to_jsonb(exists (
    select from publishes where chat_key = p_chat_key and item_id = p_item_id and version = p_version)) $$;

-- Gone: called by no release since 0019 landed; databases of then may have them.
drop function if exists save_card(bigint, bigint, bigint, integer, text, text);
drop function if exists send_failed(bigint, bigint, text, boolean, double precision);
drop function if exists keep_few_refusals(bigint, bigint);
drop function if exists hint_at_role(), hint_at_token();
drop function if exists note_publish(publishes, jsonb, text);
