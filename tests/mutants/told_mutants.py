"""Mistakes in what the operator is told: the log's lines of items, health, and what a strange group hears."""

from __future__ import annotations

from tests.mutants.mutant import Edit, Mutant

TOLD: tuple[Mutant, ...] = (
    Mutant(
        "change_is_not_told",
        "F39",
        "what the database kept for the log is forgotten there without a line",
        (Edit("actors/schedule/scheduler.py", "                write_change_line(change)", "                pass"),),
    ),
    Mutant(
        "end_is_not_told",
        "F39",
        "the end of a publish is stored, and the log does not say so",
        (
            Edit(
                "actors/publish/actor.py",
                'write_item_line(stepped.row, change, operation.move.sentence or "Instagram said so")',
                "pass",
            ),
        ),
    ),
    Mutant(
        "sent_card_is_not_told",
        "F39",
        "a card is in the chat and in its row, and the log does not say so",
        (
            Edit(
                "actors/item/sending.py",
                '        write_item_line(saved, "card_sent", "presented", message_id=sent.message_id)\n',
                "",
            ),
            Edit("actors/item/sending.py", "from actors.audit.lines import write_item_line\n", ""),
        ),
    ),
    Mutant(
        "refused_token_is_not_told",
        "B12",
        "Telegram refuses the bot's token, and health stays green",
        (Edit("actors/updates/polling.py", "            self.token.is_refused(error)", "            pass"),),
    ),
    Mutant(
        "token_given_back_is_not_seen",
        "B12",
        "Telegram takes the token again, and health stays red for ever",
        (
            Edit(
                "actors/updates/bot_token.py",
                '            log.info("telegram.token_taken")\n        self.refusal = None\n',
                '            log.info("telegram.token_taken")\n',
            ),
        ),
    ),
    Mutant(
        "greeted_at_every_turn",
        "B11",
        "a group hears the greeting each time that somebody brings the bot in",
        (
            Edit(
                "actors/commands/greeting.py",
                "and has_joined(change.before, change.after) and not fresh",
                "and has_joined(change.before, change.after)",
            ),
        ),
    ),
)
