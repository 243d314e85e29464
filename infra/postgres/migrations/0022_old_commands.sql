-- A command that lay at Telegram for long is not done any more, and not by a late attempt either
-- depends: 0021_when_a_card_came

-- migrate: apply

alter table commands drop constraint commands_verdict_check;
alter table commands add constraint commands_verdict_check check (verdict in ('done', 'as_it_was', 'forbidden',
  'overtaken', 'nothing_waiting', 'being_sent', 'nothing_to_requeue', 'unknown_item', 'cannot_requeue', 'locked',
  'queued_already', 'too_old'));

-- Take the command's key as not done, or tell what it holds: an earlier worker may have done it before it died.
create function set_command_aside(p_chat_id bigint, p_message bigint, p_user bigint, p_name text, p_verb text) returns jsonb
language plpgsql set lock_timeout = '300ms' as $$
declare
  chat chats;
begin
  select * into chat from chats where chat_id = p_chat_id;
  if not found then
    return jsonb_build_object('verdict', 'unknown_chat');
  end if;
  if take_command(chat, p_message, p_verb, p_user, p_name) then
    perform judge_command(chat.chat_key, p_message, 'too_old', null);
  end if;
  return told(chat.chat_key, p_message, null);
end $$;

-- migrate: rollback

drop function set_command_aside;
update commands set verdict = 'overtaken' where verdict = 'too_old';
alter table commands drop constraint commands_verdict_check;
alter table commands add constraint commands_verdict_check check (verdict in ('done', 'as_it_was', 'forbidden',
  'overtaken', 'nothing_waiting', 'being_sent', 'nothing_to_requeue', 'unknown_item', 'cannot_requeue', 'locked',
  'queued_already'));
