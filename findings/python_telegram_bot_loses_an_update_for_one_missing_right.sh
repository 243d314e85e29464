#!/bin/sh
# python-telegram-bot 22.8: a my_chat_member update in which an administrator's rights are not complete.
#
# Guess: a field that a server leaves out becomes None, as it does for messages, users and chats.
# Seen: each right of an administrator is a required argument. One that is not there, as with a server or a gateway that is a
# little older or newer than the library, is a TypeError out of Update.de_json: the whole update is lost, and a poller that
# parses a batch at once loses the batch, and asks for it again. Read such updates raw, or parse them one by one.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qq --disable-pip-version-check python-telegram-bot==22.8
"$folder/venv/bin/python" - <<'EOF'
import telegram

RIGHTS = (
    "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members "
    "can_promote_members can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories"
).split()
bot = {"id": 7, "is_bot": True, "first_name": "A bot"}


def parsed(rights):
    came = {
        "chat": {"id": -1001, "type": "supergroup", "title": "A team"},
        "from": {"id": 1, "is_bot": False, "first_name": "Anna"},
        "date": 1,
        "old_chat_member": {"status": "left", "user": bot},
        "new_chat_member": {"status": "administrator", "user": bot} | dict.fromkeys(rights, False),
    }
    try:
        return type(telegram.Update.de_json({"update_id": 1, "my_chat_member": came}, None).my_chat_member.new_chat_member)
    except TypeError as error:
        return error


whole, less = parsed(RIGHTS), parsed(RIGHTS[:-1])
print(telegram.__version__, "all rights:", whole)
print(telegram.__version__, "one right less:", repr(less))
assert whole is telegram.ChatMemberAdministrator
assert isinstance(less, TypeError) and RIGHTS[-1] in str(less)
EOF
