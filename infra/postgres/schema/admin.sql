-- The command line on chats, people and stories: each change is one statement that says itself why it refuses.
--
-- Each answer is a line of json, `id` first (json, unlike jsonb, keeps the order), or {"refused": why, facts}. A change
-- that cards show raises the revision of the open items and leaves their cards unclaimed: a worker hears the hint and
-- draws them. Lock order: items before their chat. Callers: infra/postgres/admin.py, for the console; the demo.

create or replace function unknown_chat(p_chat_id bigint) returns json language sql immutable as $$
  select json_build_object('refused', 'unknown_chat', 'chat_id', p_chat_id) $$;
create or replace function zone_of(p_chat_key bigint) returns text language sql stable as $$
  select timezone from chats where chat_key = p_chat_key $$;

create or replace function chat_line(p_chat chats) returns json language sql stable set timezone = 'UTC' as $$
  select json_build_object('id', p_chat.chat_id, 'title', p_chat.title, 'timezone', p_chat.timezone,
    'live', p_chat.live, 'paused', p_chat.paused, 'restricted', p_chat.restricted, 'account', p_chat.account, 'topic', p_chat.topic,
    'gap_seconds', p_chat.gap_seconds, 'review_hours', p_chat.review_hours, 'repost_days', p_chat.repost_days,
    'skip_days', p_chat.skip_days, 'cards_refused', p_chat.refused, 'cards_refused_at', p_chat.refused_at, 'created_at', p_chat.created_at,
    'waiting', (select count(*) from items where chat_key = p_chat.chat_key and state in ('waiting', 'presenting')),
    'in_review', (select count(*) from items where chat_key = p_chat.chat_key and state = 'in_review')) $$;

-- Only what is given changes. What cards show of a chat is drawn again on those that are not settled.
create or replace function set_chat(p_chat_id bigint, p_wishes jsonb) returns json
language plpgsql set lock_timeout = '2s' as $$
declare chat chats;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then return unknown_chat(p_chat_id); end if;
  if p_wishes ?| array['timezone', 'live', 'account'] then perform outdate_open_cards(chat.chat_key); end if;
  -- What a topic that is closed or gone refused is tried in the other one.
  if p_wishes ? 'topic' then perform reopen_chat(p_chat_id); end if;
  update chats set
    title = coalesce(p_wishes->>'title', title), timezone = coalesce(p_wishes->>'timezone', timezone),
    live = coalesce((p_wishes->>'live')::boolean, live),
    account = case when p_wishes ? 'account' then nullif(p_wishes->>'account', '') else account end,
    topic = case when p_wishes ? 'topic' then nullif((p_wishes->>'topic')::bigint, 0) else topic end,
    restricted = coalesce((p_wishes->>'restricted')::boolean, restricted),
    paused = coalesce((p_wishes->>'paused')::boolean, paused),
    gap_seconds = coalesce((p_wishes->>'gap_seconds')::integer, gap_seconds),
    review_hours = coalesce((p_wishes->>'review_hours')::integer, review_hours),
    repost_days = coalesce((p_wishes->>'repost_days')::integer, repost_days),
    skip_days = coalesce((p_wishes->>'skip_days')::integer, skip_days),
    -- A shorter gap holds at once; the pause after a failed send stays.
    next_card_at = case when failed_sends = 0
      then least(next_card_at, now() + make_interval(secs => (p_wishes->>'gap_seconds')::integer))
      else next_card_at end
  where chat_key = chat.chat_key returning * into chat;
  perform pg_notify('everytap', '');
  return chat_line(chat);
end $$;

create or replace function add_chat(p_chat_id bigint, p_wishes jsonb) returns json language plpgsql as $$
begin
  insert into chats (chat_id, title) values (p_chat_id, 'Chat ' || p_chat_id) on conflict (chat_id) do nothing;
  if not found then return json_build_object('refused', 'chat_exists', 'chat_id', p_chat_id); end if;
  return set_chat(p_chat_id, p_wishes);
end $$;
create or replace function list_chats() returns json language sql stable as $$
  select coalesce(json_agg(chat_line(c) order by c.title, c.chat_id), '[]') from chats c $$;
create or replace function member_line(p_member members) returns json language sql stable as $$
  select json_build_object('id', p_member.user_id, 'chat_id', c.chat_id, 'name', p_member.name, 'role', p_member.role,
    'taps', p_member.taps, 'posted', p_member.posted, 'skipped', p_member.skipped, 'rejected', p_member.rejected)
  from chats c where c.chat_key = p_member.chat_key $$;

create or replace function set_member(p_chat_id bigint, p_user_id bigint, p_wishes jsonb) returns json
language plpgsql as $$
declare key bigint := (select chat_key from chats where chat_id = p_chat_id); member members;
begin
  if key is null then return unknown_chat(p_chat_id); end if;
  insert into members as m (chat_key, user_id, name, role)
  values (key, p_user_id, coalesce(p_wishes->>'name', 'user ' || p_user_id), p_wishes->>'role')
  on conflict (chat_key, user_id) do update set name = coalesce(p_wishes->>'name', m.name),
    role = case when p_wishes ? 'role' then p_wishes->>'role' else m.role end returning * into member;
  return member_line(member);
end $$;

create or replace function list_members(p_chat_id bigint) returns json language sql stable as $$
  select case when p_chat_id is not null and not exists (select from chats where chat_id = p_chat_id)
    then unknown_chat(p_chat_id) else coalesce((
      select json_agg(member_line(m) order by c.title, c.chat_id, m.role nulls last, m.name, m.user_id)
      from members m join chats c using (chat_key) where p_chat_id is null or c.chat_id = p_chat_id), '[]') end $$;

-- The lock that ends last, of those that still hold; p_item_id: that item's own skip does not count against it.
create or replace function holding_lock(p_chat_key bigint, p_media_id bigint, p_item_id bigint) returns locks
language sql stable as $$
  select l from locks l where l.chat_key = p_chat_key and l.media_id = p_media_id and l.until > now()
    and not (l.kind = 'skipped' and l.item_id is not distinct from p_item_id)
  order by l.kind = 'rejected' desc, l.until desc limit 1 $$;

create or replace function media_line(p_media media) returns json language sql stable set timezone = 'UTC' as $$
  select json_build_object('id', p_media.media_id, 'chat_id', c.chat_id, 'timezone', c.timezone, 'kind', p_media.kind,
    'file_name', p_media.file_name, 'title', p_media.title, 'caption', p_media.caption, 'bytes', p_media.bytes,
    'sha256', p_media.sha256, 'path', p_media.path, 'width', p_media.width, 'height', p_media.height,
    'seconds', p_media.seconds, 'mentions', p_media.mentions, 'made_by_ai', p_media.made_by_ai, 'posted', p_media.posted, 'created_at', p_media.created_at,
    'open_item', (select item_id from items where chat_key = p_media.chat_key and media_id = p_media.media_id
      and state in ('waiting', 'presenting', 'in_review', 'publishing', 'in_doubt')),
    'locked', (l).kind, 'locked_until', nullif((l).until, 'infinity'))
  from chats c, holding_lock(p_media.chat_key, p_media.media_id, null) as l where c.chat_key = p_media.chat_key $$;

-- p_stories: an array of files that are stored already; one that the chat has keeps its row. Each answer: [line, new].
create or replace function add_media(p_chat_id bigint, p_stories jsonb) returns json language plpgsql as $$
declare key bigint := (select chat_key from chats where chat_id = p_chat_id); story jsonb; one media;
  answers json[] := '{}';
begin
  if key is null then return unknown_chat(p_chat_id); end if;
  for story in select * from jsonb_array_elements(p_stories) loop
    insert into media (chat_key, kind, path, file_name, title, caption, sha256, bytes, width, height, seconds,
      mentions, made_by_ai)
    values (key, story->>'kind', story->>'path', story->>'file_name', story->>'title',
      story->>'caption', story->>'sha256', (story->>'bytes')::bigint, (story->>'width')::integer,
      (story->>'height')::integer, (story->>'seconds')::double precision,
      array(select jsonb_array_elements_text(story->'mentions')), coalesce((story->>'made_by_ai')::boolean, false))
    on conflict (chat_key, sha256) do nothing returning * into one;
    if found then
      answers := answers || json_build_array(media_line(one), true);
    else
      select * into one from media where chat_key = key and sha256 = story->>'sha256';
      answers := answers || json_build_array(media_line(one), false);
    end if;
  end loop;
  return array_to_json(answers);
end $$;

create or replace function list_media(p_chat_id bigint) returns json language sql stable as $$
  select case when p_chat_id is not null and not exists (select from chats where chat_id = p_chat_id)
    then unknown_chat(p_chat_id) else coalesce((
      select json_agg(media_line(m) order by m.media_id) from media m join chats c using (chat_key)
      where p_chat_id is null or c.chat_id = p_chat_id), '[]') end $$;
