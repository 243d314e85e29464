-- In which topic of a group its cards stand; null: in General, or the group has none.
alter table chats add column topic bigint;
