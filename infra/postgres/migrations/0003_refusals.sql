-- Whose a refusal of Telegram's is: a story is set aside, a chat pauses, a card is drawn again later.
alter table items add column set_aside text;
alter table chats add column refused text, add column refused_at timestamptz;
alter table cards add column refusals integer not null default 0;
