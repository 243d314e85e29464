"""Mistakes in what the operator is told: the log's lines of items, health, and what a strange group hears."""

from __future__ import annotations

from tests.mutants.mutant import Edit, Mutant, mutant

SENDING = "actors/item/sending.py"
PUBLISH = "actors/publish/actor.py"

TOLD: tuple[Mutant, ...] = (
    mutant(
        "change_is_not_told",
        "F39",
        "what the database kept for the log is forgotten there without a line",
        Edit("actors/schedule/scheduler.py", "                write_change_line(change)", "                pass"),
    ),
    mutant(
        "end_is_not_told",
        "F39",
        "the end of a publish is stored, and the log does not say so",
        Edit(PUBLISH, 'write_item_line(stepped.row, change, operation.move.sentence or "Instagram said so")', "pass"),
    ),
    mutant(
        "sent_card_is_not_told",
        "F39",
        "a card is in the chat and in its row, and the log does not say so",
        Edit(SENDING, '        write_item_line(saved, "card_sent", "presented", message_id=sent.message_id)\n', ""),
        Edit(
            SENDING,
            "from actors.audit.lines import warn_of_item, write_item_line\n",
            "from actors.audit.lines import warn_of_item\n",
        ),
    ),
    mutant(
        "refused_token_is_not_told",
        "B12",
        "Telegram refuses the bot's token, and health stays green",
        Edit("actors/updates/polling.py", "            self.token.is_refused(error)", "            pass"),
    ),
    mutant(
        "token_given_back_is_not_seen",
        "B12",
        "Telegram takes the token again, and health stays red for ever",
        Edit(
            "actors/updates/bot_token.py",
            '            log.info("telegram.token_taken")\n        self.refusal = None\n',
            '            log.info("telegram.token_taken")\n',
        ),
    ),
    mutant(
        "greeted_at_every_turn",
        "B11",
        "a group hears the greeting each time that somebody brings the bot in",
        Edit(
            "actors/commands/greeting.py",
            "and has_joined(change.before, change.after) and not fresh",
            "and has_joined(change.before, change.after)",
        ),
    ),
    mutant(
        "called_ready_though_its_token_is_gone",
        "F32",
        "a publish finds the token of its account refused, and the chat's other cards go on calling it ready",
        Edit(
            PUBLISH,
            "            self._dependencies.left_behind()  # the chat's other cards may call this account ready",
            "            pass",
        ),
        promise="cards tell the truth",
    ),
    mutant(
        "finding_outlives_its_token",
        "F32",
        "what the look ahead found of a token stays on the cards when the token is another one",
        Edit("tests/fakes/connections.py", "(_finding(writer, item) or _note(writer, item))", "_note(writer, item)"),
    ),
    mutant(
        "birth_is_not_told",
        "F39",
        "the operator queues a story, and the log does not say so",
        Edit("tests/fakes/admin.py", '    _tell(writer, item_id, "queued")', "    pass"),
    ),
    mutant(
        "birth_is_told_after_the_card",
        "F39",
        "what a look has claimed is told before what the database kept for the log, which came before it",
        Edit(
            "actors/schedule/scheduler.py",
            "            self._write_changes(due)\n            await self._tell(due)\n",
            "            await self._tell(due)\n            self._write_changes(due)\n",
        ),
    ),
    mutant(
        "change_without_a_greeting_is_not_told",
        "B11",
        "only where the bot greets does the log say what it is in a group",
        Edit(
            "actors/commands/greeting.py",
            "        self.note(change, is_known)\n",
            "        if greets:\n            self.note(change, is_known)\n",
        ),
    ),
    mutant(
        "change_is_told_with_its_greeting_again",
        "B11",
        "where the bot greets the log says twice what it is in a group",
        Edit(
            "actors/commands/greeting.py",
            '        """Say it; a refusal is final."""\n',
            '        """Say it; a refusal is final."""\n        self.note(change, None)\n',
        ),
    ),
)
