"""Mistakes in what the SQL functions mean: taps and cards, the schedule, leases, publishes."""

from __future__ import annotations

from tests.mutants.mutant import Edit, Mutant, mutant

SCHEDULER = "actors/schedule/scheduler.py"
FAKE_CARDS = "tests/fakes/cards.py"
TAPS = "tests/fakes/taps.py"
SCHEDULE = "tests/fakes/schedule.py"
UPKEEP = "tests/fakes/housekeeping.py"
PUBLISHES = "tests/fakes/publishes.py"
WRITER = "tests/fakes/writer.py"
DESK = "tests/fakes/admin.py"
COMMANDS = "tests/fakes/commands.py"

_RECORDING = (
    mutant(
        "tap-compares-no-version",
        "F18",
        "record_tap does not compare the version: a tap on an old card decides a later round",
        Edit(TAPS, "if case.item.version != case.tap.press.version or case.target", "if case.target"),
    ),
    mutant(
        "repeated-tap-decides-again",
        "F14",
        "record_tap does not look its key up: a repetition is judged afresh and overwrites the first verdict",
        Edit(TAPS, "LateLine, MemberRecord\n", "LateLine, MemberRecord, TapRecord\n"),
        Edit(
            TAPS,
            "    if known is not None:\n        if case.item is not None and known",
            "    if known is not None and known.item_id != asked.tap.press.item_id:\n"
            "        if case.item is not None and known",
        ),
        Edit(TAPS, "    writer.tables.taps.make(\n", "    tap = TapRecord(\n"),
        Edit(
            TAPS,
            "        at=writer.now,\n    )\n\n",
            "        at=writer.now,\n    )\n    writer.tables.taps.put(tap)\n\n",
        ),
    ),
    mutant(
        "repeated-tap-breaks-on-its-key",
        "F14",
        "a repetition of a recorded tap fails on the unique key instead of finding what the key holds",
        Edit(
            TAPS,
            "    if known is not None:\n        if case.item is not None and known",
            "    if known is not None and known.outcome == 'refused':\n        if case.item is not None and known",
        ),
    ),
    mutant(
        "repeated-tap-is-stale",
        "F15",
        "a repetition that finds its key is told that it came too late",
        Edit(TAPS, "_answer(case, known.outcome, _row", "_answer(case, 'stale', _row"),
    ),
    mutant(
        "closing-overwrites",
        "F15",
        "close_tap writes “refused” over what the key already holds",
        Edit(
            TAPS,
            '    outcome = "refused" if known is None else known.outcome\n',
            '    if known is not None:\n        writer.tables.taps.put(replace(known, outcome="refused"))\n'
            '    outcome = "refused"\n',
        ),
    ),
    mutant(
        "closing-does-not-look",
        "F15",
        "close_tap tells the person “not saved” without looking what the key holds",
        Edit(TAPS, '"refused" if known is None else known.outcome', '"refused"'),
    ),
    mutant(
        "closing-leaves-no-key",
        "F15",
        "close_tap only reads: an attempt that is still under way decides after the person was refused",
        Edit(TAPS, '    if known is None:\n        _remember(writer, case, "refused")\n', ""),
    ),
    mutant(
        "strangers-may-tap",
        "F34",
        "record_tap does not ask for the right to tap",
        Edit(
            TAPS,
            "    if not _may_tap(writer, case.chat, asked.tap.press):\n        _remember",
            "    if False:\n        _remember",
        ),
    ),
    mutant(
        "stranger-claims-cards",
        "forged press",
        "a tap that is refused for want of a right has the cards of its item drawn",
        Edit(
            TAPS,
            '        _remember(writer, case, "forbidden")\n',
            '        _remember(writer, case, "forbidden")\n        if case.item is not None:\n'
            "            writer.claim_cards(case.item, case.item.revision)\n",
        ),
    ),
    mutant(
        "refusals-are-all-kept",
        "forged press",
        "each tap without the right leaves a row, however many there are",
        Edit(
            TAPS,
            '        _count(writer, case, None)\n        _keep_few(writer, case, {"forbidden", "gone", "refused"})\n',
            "        _count(writer, case, None)\n",
        ),
    ),
    mutant(
        "taps-on-nothing-are-all-kept",
        "forged press",
        "each tap on an item that does not exist leaves a row",
        Edit(
            TAPS,
            '    if case.item is None:\n        _keep_few(writer, case, {"forbidden", "gone"})\n    else:\n',
            "    if case.item is not None:\n",
        ),
    ),
    mutant(
        "stranger-is-shown-what-decides-nothing",
        "forged press",
        "look_at_button does not ask for the right to tap",
        Edit(
            TAPS,
            "    if chat is not None and not _may_tap(writer, chat, press):\n        return Barred",
            "    if False:\n        return Barred",
        ),
    ),
    mutant(
        "tapped-card-is-not-adopted",
        "T6: adoption",
        "a tap on a message that no row knows does not make it a card of its item",
        Edit(
            TAPS,
            "    writer.tables.cards.put(replace(card, gone=False))\n",
            "    else:\n        writer.tables.cards.put(replace(card, gone=False))\n",
        ),
    ),
    mutant(
        "tap-cancels-before-it-is-judged",
        "F10",
        "a tap cancels the publish under way, and is then refused as too late: nothing happens at all",
        Edit(TAPS, '        if item.state == "publishing":\n            cancel_publish(writer, item)\n', ""),
        Edit(
            TAPS,
            '    if verdict == "recorded":\n',
            '    if item.state == "publishing" and step != "auto_post":\n        cancel_publish(writer, item)\n'
            '    if verdict == "recorded":\n',
        ),
    ),
    mutant(
        "tap-cancels-nothing",
        "F10",
        "Skip during a publish settles the item and leaves the publish as it is",
        Edit(TAPS, '        if item.state == "publishing":\n            cancel_publish(writer, item)\n', ""),
    ),
    mutant(
        "settled-story-is-not-locked",
        "F30",
        "a tap that settles an item does not lock its story",
        Edit(TAPS, "        writer.count_and_lock(item, case.target)\n", ""),
    ),
)

_WHOSE = (
    mutant(
        "mark-is-not-compared",
        "KiroCrew 5131",
        "record_tap takes the number for the item: a card of a queue that was settles another story",
        Edit(
            TAPS,
            "    if press.mark is not None and press.mark != item.mark:\n        return Foreign.EARLIER_QUEUE\n",
            "",
        ),
    ),
    mutant(
        "unknown-message-is-adopted-without-its-mark",
        "KiroCrew 5131",
        "a message that no row knows becomes a card of whatever item the press names",
        Edit(
            TAPS,
            "    if card is None and (press.mark is None or not press.shown):\n"
            "        return Foreign.UNKNOWN_MESSAGE\n",
            "",
        ),
    ),
    mutant(
        "card-of-another-item-is-taken",
        "forged press",
        "the data of one item, pressed on the card of another one, settle the first",
        Edit(
            TAPS, "    if card is not None and card.item_id != item.item_id:\n        return Foreign.ANOTHER_ITEM\n", ""
        ),
    ),
    mutant(
        "higher-version-is-accepted",
        "lost past",
        "a card of a time that the database has lost decides what the row stands at now",
        Edit(
            TAPS,
            "if case.item.version != case.tap.press.version or case.target",
            "if case.item.version > case.tap.press.version or case.target",
        ),
    ),
)

_DRAWING = (
    mutant(
        "loser-changes-no-revision",
        "F4",
        "the line that names a late tap does not count as a change of the card",
        Edit(WRITER, "replace(item, revision=item.revision + 1, late=", "replace(item, late="),
    ),
    mutant(
        "loser-is-not-named",
        "F4",
        "a refused tap leaves no line on the card",
        Edit(WRITER, "late=(*item.late, line)[-LATE_LINES:])", "late=item.late)"),
    ),
    mutant(
        "acknowledged-by-anybody",
        "T6: lost claim",
        "a worker that was frozen draws an old row over a newer one, and its acknowledgement is taken",
        Edit(
            FAKE_CARDS,
            "    if not mine and not known:\n",
            "    if card.claimed_by is None and said.revision < 0 and not known:\n",
        ),
    ),
    mutant(
        "claim-of-a-card-never-ends",
        "F36",
        "recovering leaves cards alone that a dead worker had claimed",
        Edit(
            FAKE_CARDS,
            "return card.claimed_until is None or card.claimed_until < writer.now",
            "return card.claimed_until is None",
        ),
    ),
)

_SCHEDULE = (
    mutant(
        "claim-holds-nothing",
        "F20",
        "a claimed item may be claimed again at once, while its card is being sent",
        Edit(
            SCHEDULE,
            "        hold_until=writer.now + SEND_HOLD,\n        lost_sends=item.lost_sends + again,",
            "        hold_until=writer.now,\n        lost_sends=item.lost_sends + again,",
        ),
    ),
    mutant(
        "next-takes-what-is-being-sent",
        "F20",
        "/next takes an item whose card another worker is sending",
        Edit(
            COMMANDS,
            "        return item.hold_until is not None and item.hold_until <= writer.now\n",
            "        return True\n",
        ),
    ),
    mutant(
        "claim-forgets-its-key",
        "F26",
        "a look at the schedule that is repeated does not find what it had claimed",
        Edit(SCHEDULE, "        held_key=key,\n", "        held_key=None,\n"),
    ),
    mutant(
        "claim-of-an-item-never-ends",
        "F26",
        "an item whose worker died between claim and send stays claimed for ever",
        Edit(
            SCHEDULE,
            '    return item.state == "presenting" and item.hold_until is not None and item.hold_until <= now\n',
            "    return False\n",
        ),
        Edit(
            SCHEDULE,
            '        elif item.state == "presenting" and not chat.paused and item.hold_until is not None:\n'
            "            yield max(item.hold_until, chat.next_card_at)\n",
            "",
        ),
    ),
    mutant(
        "missed-slot-is-forgotten",
        "F25",
        "an item whose slot went by during a pause or an outage is not presented any more",
        Edit(
            SCHEDULE,
            "        return item.due_at <= now\n",
            "        return now - timedelta(seconds=30) <= item.due_at <= now\n",
        ),
    ),
    mutant(
        "overdue-items-come-at-once",
        "F21",
        "a card does not hold the next one of its chat back: after a pause all come at once",
        Edit(
            SCHEDULE,
            "    writer.tables.chats.put(replace(chat, next_card_at=writer.now + "
            "timedelta(seconds=chat.gap_seconds)))\n",
            "    writer.tables.chats.put(replace(chat, next_card_at=writer.now))\n",
        ),
    ),
    mutant(
        "saved-card-undoes-a-tap",
        "F18",
        "saving a card puts an item in review that was decided while its card was being sent",
        Edit(
            FAKE_CARDS,
            '    if item.state == "presenting":\n        writer.tables.items.put(presented',
            '    if item.state != "in_review":\n        writer.tables.items.put(presented',
        ),
    ),
    mutant(
        "sent-card-is-forgotten",
        "F20",
        "save_card does not remember the message: only a tap on it makes it a card",
        Edit(
            FAKE_CARDS,
            "    writer.tables.cards.put(replace(card, want=want, shown=max(card.shown, shown)))\n",
            "    if card.shown >= 0:\n"
            "        writer.tables.cards.put(replace(card, want=want, shown=max(card.shown, shown)))\n",
        ),
    ),
    mutant(
        "failed-send-counts-as-sent",
        "F22",
        "a send that certainly failed counts as one of which nobody knows: the second puts the item in review",
        Edit(
            FAKE_CARDS,
            "_not_sent(item, writer.now, ambiguous=asked.ambiguous)",
            "_not_sent(item, writer.now, ambiguous=True)",
        ),
    ),
    mutant(
        "failed-send-frees-anybodys-item",
        "F18",
        "a failed send gives back an item that another worker claimed meanwhile",
        Edit(
            FAKE_CARDS,
            '    if item.state == "presenting" and item.held_by == asked.worker:\n',
            '    if item.state == "presenting":\n',
        ),
    ),
    mutant(
        "expired-item-keeps-its-buttons",
        "F23",
        "the row expires, and nobody draws its card",
        Edit(SCHEDULER, '        messages += [Changed(row, "expired") for row in due.expired]\n', ""),
        Edit(
            SCHEDULER,
            "zip(messages, (*due.present, *due.expired, *due.lost), strict=True)",
            "zip(messages, (*due.present, *due.lost), strict=True)",
        ),
    ),
    mutant(
        "old-cards-come-back",
        "T6: requeue",
        "bringing an item back leaves the cards of its old round as cards of the new one",
        Edit(
            DESK,
            "    for card in writer.tables.cards_of(item):\n"
            "        writer.tables.cards.put(replace(card, retired=True))\n",
            "",
        ),
    ),
    mutant(
        "new-round-keeps-the-version",
        "T6: requeue",
        "an item that was brought back has the version of before: an old button decides the new round",
        Edit(
            DESK,
            "fresh = replace(waiting, presented_at=None,",
            "fresh = replace(waiting, version=item.version, presented_at=None,",
        ),
    ),
)

_LEASES = (
    mutant(
        "standby-prolongs-the-lease",
        "F29",
        "each look of the standby gives the dead holder another ten seconds",
        Edit(UPKEEP, "expires_at=min(lease.expires_at, cut))", "expires_at=cut)"),
    ),
    mutant(
        "standby-does-not-cut-the-lease",
        "F7",
        "a lone holder dies with a lease of a day, and the standby waits for its end",
        Edit(UPKEEP, "standby_at=writer.now, expires_at=min(lease.expires_at, cut))", "standby_at=writer.now)"),
    ),
    mutant(
        "everybody-holds-the-lease",
        "F29",
        "whoever asks for the lease is told that he holds it",
        Edit(
            UPKEEP,
            "LeaseState.HELD if lease.owner == worker else LeaseState.STANDBY",
            "LeaseState.HELD if lease.owner == worker or lease.standby == worker else LeaseState.STANDBY",
        ),
    ),
)

_PUBLISHING = (
    mutant(
        "publish-of-a-dead-worker-stays",
        "F30",
        "only publishes that nobody took are looked for, not those whose worker died",
        Edit(
            PUBLISHES,
            "        if publish.lease_until < writer.now and (",
            "        if publish.owner is None and publish.lease_until < writer.now and (",
        ),
    ),
    mutant(
        "step-ignores-the-fence",
        "F29",
        "a step compares neither the owner nor the token: whoever was fenced out goes on",
        Edit(
            PUBLISHES,
            "    if (before.owner, before.token) != (ours.owner, ours.token) or before.seq not in "
            "{ours.seq, ours.seq + 1}:\n",
            "    if before.seq not in {ours.seq, ours.seq + 1}:\n",
        ),
    ),
    mutant(
        "step-ignores-its-order",
        "F15",
        "a step that comes late is taken again after the one that followed it",
        Edit(
            PUBLISHES,
            " != (ours.owner, ours.token) or before.seq not in {ours.seq, ours.seq + 1}:\n",
            " != (ours.owner, ours.token):\n",
        ),
    ),
    mutant(
        "two-workers-take-one-publish",
        "F29",
        "a publish may be taken from a worker whose lease still runs, and nothing fences him out",
        Edit(
            PUBLISHES,
            "        if publish.owner is not None and publish.lease_until > writer.now:\n"
            "            return StepResult(None, held=True)\n",
            "",
        ),
        Edit(
            PUBLISHES,
            "            owner=asked.owner,\n            token=publish.token + 1,\n",
            "            owner=asked.owner,\n",
        ),
        Edit(
            PUBLISHES,
            "    if (before.owner, before.token) != (ours.owner, ours.token) or",
            "    if before.token != ours.token or",
        ),
    ),
    mutant(
        "take-over-forgets-the-call",
        "F28",
        "whoever takes a publish over does not know that a call may be under way",
        Edit(PUBLISHES, '            lost=publish.lost or publish.state == "publishing",\n', ""),
        Edit(PUBLISHES, "phase_at=writer.now if begins else before.phase_at,", "phase_at=before.created_at,"),
    ),
    mutant(
        "cancelled-after-the-mark",
        "F10",
        "Skip is accepted after the publish call was marked",
        Edit(
            PUBLISHES,
            '    return item.state == "publishing" and publish is not None and publish.state == "publishing"\n',
            '    return publish is not None and publish.state == "published"\n',
        ),
    ),
    mutant(
        "marked-publish-can-be-cancelled",
        "F10",
        "cancelling sets its flag whatever the publish is doing",
        Edit(
            PUBLISHES,
            '    return item.state == "publishing" and publish is not None and publish.state == "publishing"\n',
            '    return publish is not None and publish.state == "published"\n',
        ),
        Edit(
            PUBLISHES,
            "CANCELS = {phase.value for phase in CANCELLABLE}",
            "CANCELS = {phase.value for phase in CANCELLABLE} | RUNS",
        ),
    ),
    mutant(
        "published-without-its-row",
        "F27",
        "a publish that was looked up as live is stored, and its item is not moved",
        Edit(
            PUBLISHES,
            "    if move.phase in STEPS:\n",
            "    if move.phase in STEPS and (move.media_id or move.phase is not Phase.PUBLISHED):\n",
        ),
    ),
    mutant(
        "marked-after-the-call",
        "F30",
        "the moment of the publish call is written when it has ended",
        Edit(
            PUBLISHES,
            "return before.publishing_at or writer.now if phase is Phase.PUBLISHING else",
            "return before.publishing_at or writer.now if phase is Phase.PUBLISHED else",
        ),
    ),
    mutant(
        "second-try-gets-a-new-container",
        "F27",
        "people say of a story in doubt that it is not live, and the next try does not look at its container",
        Edit(PUBLISHES, 'state="container" if before else "creating",', 'state="creating",'),
        Edit(PUBLISHES, "container_id=before.container_id if before else None,", "container_id=None,"),
    ),
    mutant(
        "account-of-today",
        "F31",
        "a publish goes to the account that the chat has when it is published",
        Edit(
            PUBLISHES,
            "    return None if publish.account_id is None else "
            "writer.tables.accounts.get(publish.chat_key, publish.account_id)\n",
            "    chat = writer.tables.chats.get(publish.chat_key)\n"
            "    return None if chat is None else writer.tables.accounts.get(publish.chat_key, "
            "chat.account_id)\n",
        ),
    ),
    mutant(
        "outcome-of-an-earlier-try",
        "F18",
        "how a rehearsal ended is stored without comparing the version: it ends the next one, too",
        Edit(
            SCHEDULE,
            "    if item.version == asked.row.version and target is not None:\n",
            "    if target is not None:\n",
        ),
    ),
)

_TELLING = (
    mutant(
        "change-is-told-by-everybody",
        "F39",
        "what is to be told is given to each worker that asks",
        Edit(
            "tests/fakes/changes.py",
            "same or change.told_until is None or change.told_until < writer.now",
            "same or change.told_by != asked.worker",
        ),
    ),
    mutant(
        "requeue-is-not-kept-for-the-log",
        "F39",
        "/requeue brings an item back, and the log does not say so",
        Edit(COMMANDS, 'note_change(writer, (item.chat_key, item.item_id), "requeued", "/requeue")', "pass"),
    ),
)

_GREETING = (
    mutant(
        "strange-group-becomes-a-chat",
        "B11",
        "whoever asks about a group that nobody set up finds it set up afterwards",
        Edit(
            COMMANDS,
            "    chat = writer.tables.chat(asked.chat_id)\n    if chat is None:\n        return None\n    items",
            "    chat = writer.tables.chat(asked.chat_id)\n    if chat is None:\n"
            '        key = writer.tables.number("chat_key") + 100\n'
            "        writer.tables.chats.make(chat_key=key, chat_id=asked.chat_id, created_at=writer.now)\n"
            "        return None\n    items",
        ),
    ),
)

ROWS: tuple[Mutant, ...] = (*_RECORDING, *_WHOSE, *_DRAWING, *_SCHEDULE, *_LEASES, *_PUBLISHING, *_TELLING, *_GREETING)
