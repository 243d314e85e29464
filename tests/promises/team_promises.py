"""What the team is promised: taps, cards, commands, rights."""

from __future__ import annotations

from tests.mutants.mutant import Edit
from tests.promises.promise import Promise, known, promise, tests, tests_in

# A key that is new with each attempt is no key.
COUNTING = "from itertools import count\nfrom typing import Any\n\nATTEMPTS = count()\n"
NO_KEY = (
    Edit("infra/postgres/taps.py", "from typing import Any\n", COUNTING),
    Edit("infra/postgres/taps.py", "        press.id,\n", '        f"{press.id}-{next(ATTEMPTS)}",\n'),
)

TEAM: tuple[Promise, ...] = (
    promise(
        "once",
        "A tap takes effect exactly once, also when its commit's answer is lost",
        tests("test_cuts or test_away or races"),
        "each attempt to store a tap has a key of its own",
        *NO_KEY,
        sample=tests_in("test_cuts or test_away or races", "tests/faults/test_cuts.py"),
    ),
    promise(
        "together",
        "Two people at once: one effect, and the loser sees who was first",
        tests("test_together"),
        "the loser of a race is told his own name instead of the winner's",
        Edit(
            "actors/item/decide.py",
            "texts.in_progress(recording.action, recording.press.person.name)",
            "texts.in_progress(recording.action, press.person.name)",
        ),
        sample=tests_in("test_together", "tests/scenarios/test_together.py"),
    ),
    promise(
        "toast",
        "Every tap is answered before any database work",
        tests("ux_timing"),
        "the toast waits until the tap is stored",
        *known("toast_after_the_record"),
        sample=tests_in("ux_timing", "tests/scenarios/test_investigation.py"),
    ),
    promise(
        "cost",
        "A tap costs one round trip and one commit, live or cold; 1,000 at once settle over five connections",
        tests("test_cost or test_thousand"),
        "each connection is reset by a query when it comes back",
        Edit("infra/postgres/pool.py", "            reset=_noreset,\n", ""),
        sample=tests_in("test_cost or test_thousand", "tests/scenarios/test_cost.py"),
    ),
    promise(
        "killed",
        "The card tells the truth after a kill -9 between toast and card",
        tests("test_killed"),
        "a card whose worker died between the record and the edit is nobody's",
        *known("cards_left_behind"),
        *known("no_redraw_at_start"),
        sample=tests_in("test_killed", "tests/scenarios/test_killed.py"),
    ),
    promise(
        "locked",
        "A locked row holds up its own tap and no other",
        tests("test_locked_row"),
        "a row that is locked counts as a database that is away, for everybody",
        Edit(
            "actors/database/actor.py",
            "case error if not attempt.reached:",
            "case error if not attempt.reached or isinstance(error, Locked):",
        ),
        sample=tests_in("test_locked_row", "tests/scenarios/test_locked_row.py"),
    ),
    promise(
        "commands",
        "A command in the chat takes effect once, and is answered without its database, too",
        tests("commands"),
        "each attempt to do what a command asks has a key of its own",
        Edit("infra/postgres/commands.py", "from typing import Any\n", COUNTING),
        Edit("infra/postgres/commands.py", "key.message_id, key", "key.message_id + (next(ATTEMPTS) << 32), key"),
        sample=tests_in("commands", "tests/contracts/test_database_commands.py"),
    ),
    promise(
        "names",
        "No name, title or file name breaks a card",
        tests("test_names or test_any_card or test_caption_text"),
        "marks that reorder the words beside them stay in names",
        Edit("infra/telegram/caption_text.py", "*DIRECTIONS, ord(LINE_MARK)", "ord(LINE_MARK)"),
        sample=tests_in(
            "test_names or test_any_card or test_caption_text", "tests/infra/telegram/test_caption_text.py"
        ),
    ),
    promise(
        "strangers",
        "A person without the right neither taps nor is shown anything; a stranger creates and holds up nothing",
        tests("test_strangers or rights"),
        "in a restricted chat everybody may tap",
        Edit(
            "infra/postgres/schema/taps.sql",
            "  select not p_chat.restricted or exists (",
            "  select p_user > 0 or exists (",
        ),
        sample=tests_in("test_strangers or rights", "tests/scenarios/test_strangers.py"),
    ),
    promise(
        "whose",
        "A button acts on the item whose card it was, also after a new database or a restored one",
        tests("whose_button or marks"),
        "the database is not told the mark of a button",
        Edit("infra/postgres/taps.py", "return pressed.press.mark, pressed", "return None, pressed"),
        sample=tests_in("whose_button or marks", "tests/contracts/test_database_marks.py"),
    ),
    promise(
        "neighbours",
        "A command for another bot is not obeyed, an old one is answered and not done",
        tests("neighbours or old_commands"),
        "a worker that does not know its name yet takes every bot's commands for its own",
        *known("command_of_a_neighbour_obeyed_until_the_name_is_known"),
        sample=tests_in("neighbours or old_commands", "tests/scenarios/test_neighbours.py"),
    ),
    promise(
        "schedule",
        "Overdue items come one per gap; a lost send makes one extra card at most",
        tests("test_schedule"),
        "a card of which nobody knows whether it was sent is sent as often as it takes",
        *known("ambiguous_send_taken_for_unsent"),
        sample=tests_in("test_schedule", "tests/scenarios/test_schedule.py"),
    ),
    promise(
        "telegram",
        "Telegram slow, silent, limited or failing: the card ends true",
        tests("test_telegram_faults"),
        "an edit whose answer was lost counts as shown",
        *known("lost_edit_taken_for_shown"),
        sample=tests_in("test_telegram_faults", "tests/scenarios/test_telegram_faults.py"),
    ),
    promise(
        "checks",
        "A card that was drawn without its row is compared with it; no edit of a card is overtaken by an older one",
        tests("checks or test_cards"),
        "a card in doubt waits for the next acknowledgement to be stored",
        Edit(
            "actors/cards/actor.py",
            "            self._unacknowledged.add(not_known)\n            self._acknowledge.ring()\n",
            "            self._unacknowledged.add(not_known)\n",
        ),
        sample=tests_in("checks or test_cards", "tests/actors/cards/test_cards.py"),
    ),
    promise(
        "floods",
        "A flood of commands costs one person their answers, and no other person a tap; "
        "Telegram's pause holds a whole chat, once",
        tests("flood or chat_limits"),
        "whoever asks again and again is served again and again",
        Edit(
            "actors/domain/flood_limit.py",
            "if len(asked_at) == self._most and",
            "if len(asked_at) > self._most and",
        ),
        sample=tests_in("flood or chat_limits", "tests/actors/domain/test_flood_limit.py"),
    ),
    promise(
        "uploads",
        "A large film passes on a slow line, and one chat's files never keep another's card away",
        tests("test_uploads or item_sending"),
        "a file that leaves slowly is given up after a minute, though it moves",
        *known("upload_given_up_by_the_clock"),
        sample=tests_in("test_uploads or item_sending", "tests/actors/item/test_item_sending.py"),
    ),
)
