-- An item as the core reads it: all that drawing its card, judging its tap and logging it needs, in one jsonb value.
--
-- Callers: every function that answers with an item, which is most of them; infra/postgres/rows.py reads it. Reading
-- takes no lock, so what is answered is what the calling statement sees, its own changes included. A key is added
-- freely and never given another meaning: a worker of the release before reads the same value.

-- `account`: fixed by an accepted Auto Post until that was refused, else the chat's. `preflight`: only if it is of this version and
-- connection. `phase`: how far its publish is; a doubt is of the version before. `cards`: those that can be drawn,
-- retired ones once. `waiting`: what its publish waits for, or how long the next one had better wait, which is said of
-- the account that was refused: another one of the chat may be used at once.
create or replace function item_row(p_chat_key bigint, p_item_id bigint) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'chat_key', i.chat_key, 'chat_id', c.chat_id, 'id', i.item_id, 'mark', i.mark, 'state', i.state,
    'version', i.version, 'revision', i.revision, 'due_at', i.due_at, 'timezone', c.timezone, 'live', c.live,
    'topic', c.topic, 'restricted', c.restricted, 'account', case when i.state in ('publishing', 'in_doubt')
      or i.settled_step in ('published', 'it_is_live') then coalesce(i.account, c.account) else c.account end, 'note', i.note, 'late', i.late,
    'preflight', case when i.preflight_version = i.version
      and i.preflight_connection is not distinct from connection_of(c.chat_key, c.account_id) then i.preflight end,
    'presented_at', i.presented_at, 'card_lost', card_lost(i), 'set_aside', i.set_aside,
    'phase', case when i.state in ('publishing', 'in_doubt') then (
      select p.state from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id
        and p.version = i.version - (i.state = 'in_doubt')::int) end,
    'waiting', case when i.state in ('publishing', 'in_review') then (
      select jsonb_build_object('until', p.wait_until, 'sentence', case when p.state <> 'refused' then p.sentence end)
      from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id and p.wait_until is not null
        and p.version = i.version - (i.state = 'in_review')::int
        and (i.state = 'publishing' or p.state = 'refused' and p.account_id is not distinct from c.account_id)) end,
    'permalink', case when i.state = 'posted' then (
      select p.permalink from publishes p where p.chat_key = i.chat_key and p.item_id = i.item_id
        and p.version = i.version - 1 and p.state = 'published') end,
    'settled', case when i.settled_step is not null then jsonb_build_object(
      'step', i.settled_step, 'id', i.settled_by, 'name', i.settled_name, 'at', i.settled_at, 'tap', i.settled_tap) end,
    'story', jsonb_build_object('media_id', m.media_id, 'kind', m.kind, 'path', m.path, 'file_name', m.file_name,
      'title', m.title, 'caption', m.caption, 'file_id', m.file_id,
      'width', m.width, 'height', m.height, 'seconds', m.seconds, 'mentions', m.mentions,
      'made_by_ai', m.made_by_ai), 'cards', coalesce((
      select jsonb_agg(jsonb_build_array(k.message_id, k.retired) order by k.message_id)
      from cards k where k.chat_key = i.chat_key and k.item_id = i.item_id and not k.gone
        and (not k.retired or k.shown < k.want)), '[]'))
  from items i join chats c using (chat_key) join media m using (chat_key, media_id)
  where i.chat_key = p_chat_key and i.item_id = p_item_id $$;

create or replace function has_card(p_item items) returns boolean language sql stable as $$
  select exists (
    select from cards where chat_key = p_item.chat_key and item_id = p_item.item_id and not gone and not retired) $$;

-- Two sends that may or may not have arrived, or one that Telegram refused, and no message to tap on. The next try is a
-- person's /next.
create or replace function card_lost(p_item items) returns boolean language sql stable as $$
  select p_item.state = 'in_review' and (p_item.lost_sends >= 2 or p_item.set_aside is not null) and p_item.resend_at is null and not has_card(p_item) $$;
