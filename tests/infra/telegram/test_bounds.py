"""What the calls of the adapter may take fits into what the actors above it allow for, and Telegram to."""

from actors.bounds import POLL_CALL_SECONDS, POLL_SECONDS
from actors.item.sending import LONGEST_SECONDS
from infra.telegram.caption_lines import EARLIER_ROOM, NAME_ROOM, NOTE_ROOM
from infra.telegram.cards import ACCOUNT_ROOM, LINE_ROOM, LONGEST_CAPTION, TITLE_ROOM
from infra.telegram.http import CONNECT_SECONDS, LONGEST_UPLOAD_SECONDS, READ_SECONDS, WRITE_SECONDS


def test_poll_ends_before_it_counts_as_overdue() -> None:
    assert POLL_SECONDS + CONNECT_SECONDS + WRITE_SECONDS + READ_SECONDS <= POLL_CALL_SECONDS


def test_upload_may_take_as_long_as_its_sender_waits() -> None:
    assert LONGEST_UPLOAD_SECONDS >= LONGEST_SECONDS


def test_title_account_note_and_a_line_leave_room_for_a_caption() -> None:
    assert TITLE_ROOM + ACCOUNT_ROOM + NOTE_ROOM + LINE_ROOM + EARLIER_ROOM < LONGEST_CAPTION
    assert NAME_ROOM + 75 < LINE_ROOM
