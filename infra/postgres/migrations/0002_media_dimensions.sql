-- How large and how long what goes live is. A card shows that now, and no longer the original, which Telegram's own copy
-- of a picture is: it is sent anew.
alter table media add column width integer, add column height integer, add column seconds double precision;
update media set file_id = null where kind = 'photo' and file_id is not null;
