-- How stories were seen: read at Instagram 12 hours after they went live and at 23, for it tells that for 24 only.
--
-- `step_publish` sets `insights_due_at` in the commit that ends a publish whose story is known. `claim_insights` holds
-- what is due for 20 minutes, under an owner that is asked again with the same answer; a worker that dies is followed by
-- another. `note_insights` keeps what was told and when to ask next; the first reading stays where the second brought
-- none. Lock order: publishes alone, by skip locked. Callers: infra/postgres/insights.py.

create or replace function claim_insights(p_owner text) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
declare due jsonb;
begin
  with free as (
    select chat_key, item_id, version from publishes
    where insights_due_at <= now()
      and (insights_hold_until is null or insights_hold_until < now() or insights_held_by = p_owner)
    order by insights_due_at, chat_key, item_id, version limit 20 for update skip locked), claimed as (
    update publishes p set insights_held_by = p_owner, insights_hold_until = now() + interval '20 minutes'
    from free f where (p.chat_key, p.item_id, p.version) = (f.chat_key, f.item_id, f.version) returning p.*)
  select coalesce(jsonb_agg(jsonb_build_object('chat_key', k.chat_key, 'chat_id', c.chat_id, 'item_id', k.item_id,
      'version', k.version, 'media_id', k.media_id, 'seconds_live', extract(epoch from now() - k.phase_at),
      'account', case when not a.removed and not a.token_gone then sealed_account(a) end)
    order by k.insights_due_at, k.chat_key, k.item_id, k.version), '[]') into due
  from claimed k join chats c using (chat_key)
  join accounts a on a.chat_key = k.chat_key and a.account_id = k.account_id;
  return jsonb_build_object('due', due, 'next_seconds', (
    select extract(epoch from min(insights_due_at) - now()) from publishes where insights_due_at > now()));
end $$;

-- p_told: outcome (told, not_told, missed), views, people, replies, exits, sentence. p_again_seconds: null: never.
create or replace function note_insights(p_chat_key bigint, p_item_id bigint, p_version integer, p_owner text,
  p_told jsonb, p_again_seconds double precision) returns jsonb language plpgsql set lock_timeout = '300ms' as $$
begin
  update publishes set insights_held_by = null, insights_hold_until = null,
    insights_due_at = now() + p_again_seconds * interval '1 second',
    insights = case when p_told->>'outcome' = 'told' or insights is null then p_told || jsonb_build_object('at', now())
      else insights end
  where chat_key = p_chat_key and item_id = p_item_id and version = p_version and insights_held_by = p_owner;
  return to_jsonb(found);
end $$;
