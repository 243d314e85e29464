"""Mistakes in what the SQL functions mean: taps and cards, the schedule, leases, publishes."""

from __future__ import annotations

from tests.mutants.mutant import Edit, Mutant

TAPS = "tests/fakes/taps.py"
SCHEDULE = "tests/fakes/schedule.py"
UPKEEP = "tests/fakes/housekeeping.py"
PUBLISHES = "tests/fakes/publishes.py"
WRITER = "tests/fakes/writer.py"
DESK = "tests/fakes/admin.py"
COMMANDS = "tests/fakes/commands.py"

_RECORDING = (
    Mutant(
        name="tap-compares-no-version",
        key="F18",
        mistake="record_tap does not compare the version: a tap on an old card decides a later round",
        edits=(Edit(TAPS, "if case.item.version != case.tap.press.version or case.target", "if case.target"),),
    ),
    Mutant(
        name="repeated-tap-decides-again",
        key="F14",
        mistake="record_tap does not look its key up: a repetition is judged afresh and overwrites the first verdict",
        edits=(
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
    ),
    Mutant(
        name="repeated-tap-breaks-on-its-key",
        key="F14",
        mistake="a repetition of a recorded tap fails on the unique key instead of finding what the key holds",
        edits=(
            Edit(
                TAPS,
                "    if known is not None:\n        if case.item is not None and known",
                "    if known is not None and known.outcome == 'refused':\n        if case.item is not None and known",
            ),
        ),
    ),
    Mutant(
        name="repeated-tap-is-stale",
        key="F15",
        mistake="a repetition that finds its key is told that it came too late",
        edits=(Edit(TAPS, "_answer(case, known.outcome, _row", "_answer(case, 'stale', _row"),),
    ),
    Mutant(
        name="closing-overwrites",
        key="F15",
        mistake="close_tap writes “refused” over what the key already holds",
        edits=(
            Edit(
                TAPS,
                '    outcome = "refused" if known is None else known.outcome\n',
                '    if known is not None:\n        writer.tables.taps.put(replace(known, outcome="refused"))\n'
                '    outcome = "refused"\n',
            ),
        ),
    ),
    Mutant(
        name="closing-does-not-look",
        key="F15",
        mistake="close_tap tells the person “not saved” without looking what the key holds",
        edits=(Edit(TAPS, '"refused" if known is None else known.outcome', '"refused"'),),
    ),
    Mutant(
        name="closing-leaves-no-key",
        key="F15",
        mistake="close_tap only reads: an attempt that is still under way decides after the person was refused",
        edits=(Edit(TAPS, '    if known is None:\n        _remember(writer, case, "refused")\n', ""),),
    ),
    Mutant(
        name="strangers-may-tap",
        key="F34",
        mistake="record_tap does not ask for the right to tap",
        edits=(
            Edit(
                TAPS,
                "    if not _may_tap(writer, case.chat, asked.tap.press):\n        _remember",
                "    if False:\n        _remember",
            ),
        ),
    ),
    Mutant(
        name="stranger-claims-cards",
        key="forged press",
        mistake="a tap that is refused for want of a right has the cards of its item drawn",
        edits=(
            Edit(
                TAPS,
                '        _remember(writer, case, "forbidden")\n',
                '        _remember(writer, case, "forbidden")\n        if case.item is not None:\n'
                "            writer.claim_cards(case.item, case.item.revision)\n",
            ),
        ),
    ),
    Mutant(
        name="refusals-are-all-kept",
        key="forged press",
        mistake="each tap without the right leaves a row, however many there are",
        edits=(
            Edit(
                TAPS,
                "        _count(writer, case, None)\n"
                '        _keep_few(writer, case, {"forbidden", "gone", "refused"})\n',
                "        _count(writer, case, None)\n",
            ),
        ),
    ),
    Mutant(
        name="taps-on-nothing-are-all-kept",
        key="forged press",
        mistake="each tap on an item that does not exist leaves a row",
        edits=(
            Edit(
                TAPS,
                '    if case.item is None:\n        _keep_few(writer, case, {"forbidden", "gone"})\n    else:\n',
                "    if case.item is not None:\n",
            ),
        ),
    ),
    Mutant(
        name="stranger-is-shown-what-decides-nothing",
        key="forged press",
        mistake="look_at_button does not ask for the right to tap",
        edits=(
            Edit(
                TAPS,
                "    if chat is not None and not _may_tap(writer, chat, press):\n        return Barred",
                "    if False:\n        return Barred",
            ),
        ),
    ),
    Mutant(
        name="tapped-card-is-not-adopted",
        key="T6: adoption",
        mistake="a tap on a message that no row knows does not make it a card of its item",
        edits=(
            Edit(
                TAPS,
                "    writer.tables.cards.put(replace(card, gone=False))\n",
                "    else:\n        writer.tables.cards.put(replace(card, gone=False))\n",
            ),
        ),
    ),
    Mutant(
        name="tap-cancels-before-it-is-judged",
        key="F10",
        mistake="a tap cancels the publish under way, and is then refused as too late: nothing happens at all",
        edits=(
            Edit(TAPS, '        if item.state == "publishing":\n            cancel_publish(writer, item)\n', ""),
            Edit(
                TAPS,
                '    if verdict == "recorded":\n',
                '    if item.state == "publishing" and step != "auto_post":\n        cancel_publish(writer, item)\n'
                '    if verdict == "recorded":\n',
            ),
        ),
    ),
    Mutant(
        name="tap-cancels-nothing",
        key="F10",
        mistake="Skip during a publish settles the item and leaves the publish as it is",
        edits=(Edit(TAPS, '        if item.state == "publishing":\n            cancel_publish(writer, item)\n', ""),),
    ),
    Mutant(
        name="settled-story-is-not-locked",
        key="F30",
        mistake="a tap that settles an item does not lock its story",
        edits=(Edit(TAPS, "        writer.count_and_lock(item, case.target)\n", ""),),
    ),
)

_WHOSE = (
    Mutant(
        name="mark-is-not-compared",
        key="KiroCrew 5131",
        mistake="record_tap takes the number for the item: a card of a queue that was settles another story",
        edits=(
            Edit(
                TAPS,
                "    if press.mark is not None and press.mark != item.mark:\n        return Foreign.EARLIER_QUEUE\n",
                "",
            ),
        ),
    ),
    Mutant(
        name="unknown-message-is-adopted-without-its-mark",
        key="KiroCrew 5131",
        mistake="a message that no row knows becomes a card of whatever item the press names",
        edits=(
            Edit(
                TAPS,
                "    if card is None and (press.mark is None or not press.shown):\n"
                "        return Foreign.UNKNOWN_MESSAGE\n",
                "",
            ),
        ),
    ),
    Mutant(
        name="card-of-another-item-is-taken",
        key="forged press",
        mistake="the data of one item, pressed on the card of another one, settle the first",
        edits=(
            Edit(
                TAPS,
                "    if card is not None and card.item_id != item.item_id:\n        return Foreign.ANOTHER_ITEM\n",
                "",
            ),
        ),
    ),
    Mutant(
        name="higher-version-is-accepted",
        key="lost past",
        mistake="a card of a time that the database has lost decides what the row stands at now",
        edits=(
            Edit(
                TAPS,
                "if case.item.version != case.tap.press.version or case.target",
                "if case.item.version > case.tap.press.version or case.target",
            ),
        ),
    ),
)

_DRAWING = (
    Mutant(
        name="loser-changes-no-revision",
        key="F4",
        mistake="the line that names a late tap does not count as a change of the card",
        edits=(Edit(WRITER, "replace(item, revision=item.revision + 1, late=", "replace(item, late="),),
    ),
    Mutant(
        name="loser-is-not-named",
        key="F4",
        mistake="a refused tap leaves no line on the card",
        edits=(Edit(WRITER, "late=(*item.late, line)[-LATE_LINES:])", "late=item.late)"),),
    ),
    Mutant(
        name="acknowledged-by-anybody",
        key="T6: lost claim",
        mistake="a worker that was frozen draws an old row over a newer one, and its acknowledgement is taken",
        edits=(
            Edit(
                "tests/fakes/cards.py",
                "    if not mine and not known:\n",
                "    if card.claimed_by is None and said.revision < 0 and not known:\n",
            ),
        ),
    ),
    Mutant(
        name="claim-of-a-card-never-ends",
        key="F36",
        mistake="recovering leaves cards alone that a dead worker had claimed",
        edits=(
            Edit(
                "tests/fakes/cards.py",
                "return card.claimed_until is None or card.claimed_until < writer.now",
                "return card.claimed_until is None",
            ),
        ),
    ),
)

_SCHEDULE = (
    Mutant(
        name="claim-holds-nothing",
        key="F20",
        mistake="a claimed item may be claimed again at once, while its card is being sent",
        edits=(
            Edit(
                SCHEDULE,
                "        hold_until=writer.now + SEND_HOLD,\n        lost_sends=item.lost_sends + again,",
                "        hold_until=writer.now,\n        lost_sends=item.lost_sends + again,",
            ),
        ),
    ),
    Mutant(
        name="next-takes-what-is-being-sent",
        key="F20",
        mistake="/next takes an item whose card another worker is sending",
        edits=(
            Edit(
                COMMANDS,
                "        return item.hold_until is not None and item.hold_until <= writer.now\n",
                "        return True\n",
            ),
        ),
    ),
    Mutant(
        name="claim-forgets-its-key",
        key="F26",
        mistake="a look at the schedule that is repeated does not find what it had claimed",
        edits=(Edit(SCHEDULE, "        held_key=key,\n", "        held_key=None,\n"),),
    ),
    Mutant(
        name="claim-of-an-item-never-ends",
        key="F26",
        mistake="an item whose worker died between claim and send stays claimed for ever",
        edits=(
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
    ),
    Mutant(
        name="missed-slot-is-forgotten",
        key="F25",
        mistake="an item whose slot went by during a pause or an outage is not presented any more",
        edits=(
            Edit(
                SCHEDULE,
                "        return item.due_at <= now\n",
                "        return now - timedelta(seconds=30) <= item.due_at <= now\n",
            ),
        ),
    ),
    Mutant(
        name="overdue-items-come-at-once",
        key="F21",
        mistake="a card does not hold the next one of its chat back: after a pause all come at once",
        edits=(
            Edit(
                SCHEDULE,
                "    writer.tables.chats.put(replace(chat, next_card_at=writer.now + "
                "timedelta(seconds=chat.gap_seconds)))\n",
                "    writer.tables.chats.put(replace(chat, next_card_at=writer.now))\n",
            ),
        ),
    ),
    Mutant(
        name="saved-card-undoes-a-tap",
        key="F18",
        mistake="saving a card puts an item in review that was decided while its card was being sent",
        edits=(
            Edit(
                "tests/fakes/cards.py",
                '    if item.state == "presenting":\n        writer.tables.items.put(presented',
                '    if item.state != "in_review":\n        writer.tables.items.put(presented',
            ),
        ),
    ),
    Mutant(
        name="sent-card-is-forgotten",
        key="F20",
        mistake="save_card does not remember the message: only a tap on it makes it a card",
        edits=(
            Edit(
                "tests/fakes/cards.py",
                "    writer.tables.cards.put(replace(card, want=want, shown=max(card.shown, shown)))\n",
                "    if card.shown >= 0:\n"
                "        writer.tables.cards.put(replace(card, want=want, shown=max(card.shown, shown)))\n",
            ),
        ),
    ),
    Mutant(
        name="failed-send-counts-as-sent",
        key="F22",
        mistake="a send that certainly failed counts as one of which nobody knows: the second puts the item in review",
        edits=(
            Edit(
                "tests/fakes/cards.py",
                "_not_sent(item, writer.now, ambiguous=asked.ambiguous)",
                "_not_sent(item, writer.now, ambiguous=True)",
            ),
        ),
    ),
    Mutant(
        name="failed-send-frees-anybodys-item",
        key="F18",
        mistake="a failed send gives back an item that another worker claimed meanwhile",
        edits=(
            Edit(
                "tests/fakes/cards.py",
                '    if item.state == "presenting" and item.held_by == asked.worker:\n',
                '    if item.state == "presenting":\n',
            ),
        ),
    ),
    Mutant(
        name="expired-item-keeps-its-buttons",
        key="F23",
        mistake="the row expires, and nobody draws its card",
        edits=(
            Edit(
                "actors/schedule/scheduler.py",
                '        messages += [Changed(row, "expired") for row in due.expired]\n',
                "",
            ),
            Edit(
                "actors/schedule/scheduler.py",
                "zip(messages, (*due.present, *due.expired, *due.lost), strict=True)",
                "zip(messages, (*due.present, *due.lost), strict=True)",
            ),
        ),
    ),
    Mutant(
        name="old-cards-come-back",
        key="T6: requeue",
        mistake="bringing an item back leaves the cards of its old round as cards of the new one",
        edits=(
            Edit(
                DESK,
                "    for card in writer.tables.cards_of(item):\n"
                "        writer.tables.cards.put(replace(card, retired=True))\n",
                "",
            ),
        ),
    ),
    Mutant(
        name="new-round-keeps-the-version",
        key="T6: requeue",
        mistake="an item that was brought back has the version of before: an old button decides the new round",
        edits=(
            Edit(
                DESK,
                "fresh = replace(waiting, presented_at=None,",
                "fresh = replace(waiting, version=item.version, presented_at=None,",
            ),
        ),
    ),
)

_LEASES = (
    Mutant(
        name="standby-prolongs-the-lease",
        key="F29",
        mistake="each look of the standby gives the dead holder another ten seconds",
        edits=(Edit(UPKEEP, "expires_at=min(lease.expires_at, cut))", "expires_at=cut)"),),
    ),
    Mutant(
        name="standby-does-not-cut-the-lease",
        key="F7",
        mistake="a lone holder dies with a lease of a day, and the standby waits for its end",
        edits=(
            Edit(UPKEEP, "standby_at=writer.now, expires_at=min(lease.expires_at, cut))", "standby_at=writer.now)"),
        ),
    ),
    Mutant(
        name="everybody-holds-the-lease",
        key="F29",
        mistake="whoever asks for the lease is told that he holds it",
        edits=(
            Edit(
                UPKEEP,
                "LeaseState.HELD if lease.owner == worker else LeaseState.STANDBY",
                "LeaseState.HELD if lease.owner == worker or lease.standby == worker else LeaseState.STANDBY",
            ),
        ),
    ),
)

_PUBLISHING = (
    Mutant(
        name="publish-of-a-dead-worker-stays",
        key="F30",
        mistake="only publishes that nobody took are looked for, not those whose worker died",
        edits=(
            Edit(
                PUBLISHES,
                "        if publish.lease_until < writer.now and (",
                "        if publish.owner is None and publish.lease_until < writer.now and (",
            ),
        ),
    ),
    Mutant(
        name="step-ignores-the-fence",
        key="F29",
        mistake="a step compares neither the owner nor the token: whoever was fenced out goes on",
        edits=(
            Edit(
                PUBLISHES,
                "    if (before.owner, before.token) != (ours.owner, ours.token) or before.seq not in "
                "{ours.seq, ours.seq + 1}:\n",
                "    if before.seq not in {ours.seq, ours.seq + 1}:\n",
            ),
        ),
    ),
    Mutant(
        name="step-ignores-its-order",
        key="F15",
        mistake="a step that comes late is taken again after the one that followed it",
        edits=(
            Edit(
                PUBLISHES,
                " != (ours.owner, ours.token) or before.seq not in {ours.seq, ours.seq + 1}:\n",
                " != (ours.owner, ours.token):\n",
            ),
        ),
    ),
    Mutant(
        name="two-workers-take-one-publish",
        key="F29",
        mistake="a publish may be taken from a worker whose lease still runs, and nothing fences him out",
        edits=(
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
    ),
    Mutant(
        name="take-over-forgets-the-call",
        key="F28",
        mistake="whoever takes a publish over does not know that a call may be under way",
        edits=(
            Edit(PUBLISHES, '            lost=publish.lost or publish.state == "publishing",\n', ""),
            Edit(PUBLISHES, "phase_at=writer.now if begins else before.phase_at,", "phase_at=before.created_at,"),
        ),
    ),
    Mutant(
        name="cancelled-after-the-mark",
        key="F10",
        mistake="Skip is accepted after the publish call was marked",
        edits=(
            Edit(
                PUBLISHES,
                '    return item.state == "publishing" and publish is not None and publish.state == "publishing"\n',
                '    return publish is not None and publish.state == "published"\n',
            ),
        ),
    ),
    Mutant(
        name="marked-publish-can-be-cancelled",
        key="F10",
        mistake="cancelling sets its flag whatever the publish is doing",
        edits=(
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
    ),
    Mutant(
        name="published-without-its-row",
        key="F27",
        mistake="a publish that was looked up as live is stored, and its item is not moved",
        edits=(
            Edit(
                PUBLISHES,
                "    if move.phase in STEPS:\n",
                "    if move.phase in STEPS and (move.media_id or move.phase is not Phase.PUBLISHED):\n",
            ),
        ),
    ),
    Mutant(
        name="marked-after-the-call",
        key="F30",
        mistake="the moment of the publish call is written when it has ended",
        edits=(
            Edit(
                PUBLISHES,
                "return before.publishing_at or writer.now if phase is Phase.PUBLISHING else",
                "return before.publishing_at or writer.now if phase is Phase.PUBLISHED else",
            ),
        ),
    ),
    Mutant(
        name="second-try-gets-a-new-container",
        key="F27",
        mistake="people say of a story in doubt that it is not live, and the next try does not look at its container",
        edits=(
            Edit(PUBLISHES, 'state="container" if before else "creating",', 'state="creating",'),
            Edit(PUBLISHES, "container_id=before.container_id if before else None,", "container_id=None,"),
        ),
    ),
    Mutant(
        name="account-of-today",
        key="F31",
        mistake="a publish goes to the account that the chat has when it is published",
        edits=(
            Edit(
                PUBLISHES,
                "    return None if publish.account_id is None else "
                "writer.tables.accounts.get(publish.chat_key, publish.account_id)\n",
                "    chat = writer.tables.chats.get(publish.chat_key)\n"
                "    return None if chat is None else writer.tables.accounts.get(publish.chat_key, "
                "chat.account_id)\n",
            ),
        ),
    ),
    Mutant(
        name="outcome-of-an-earlier-try",
        key="F18",
        mistake="how a rehearsal ended is stored without comparing the version: it ends the next one, too",
        edits=(
            Edit(
                SCHEDULE,
                "    if item.version == asked.row.version and target is not None:\n",
                "    if target is not None:\n",
            ),
        ),
    ),
)

_TELLING = (
    Mutant(
        name="change-is-told-by-everybody",
        key="F39",
        mistake="what is to be told is given to each worker that asks",
        edits=(
            Edit(
                "tests/fakes/changes.py",
                "same or change.told_until is None or change.told_until < writer.now",
                "same or change.told_by != asked.worker",
            ),
        ),
    ),
    Mutant(
        name="requeue-is-not-kept-for-the-log",
        key="F39",
        mistake="/requeue brings an item back, and the log does not say so",
        edits=(
            Edit(
                "tests/fakes/commands.py",
                'note_change(writer, (item.chat_key, item.item_id), "requeued", "/requeue")',
                "pass",
            ),
        ),
    ),
)

_GREETING = (
    Mutant(
        name="strange-group-becomes-a-chat",
        key="B11",
        mistake="whoever asks about a group that nobody set up finds it set up afterwards",
        edits=(
            Edit(
                COMMANDS,
                "    chat = writer.tables.chat(asked.chat_id)\n    if chat is None:\n        return None\n    items",
                "    chat = writer.tables.chat(asked.chat_id)\n    if chat is None:\n"
                '        key = writer.tables.number("chat_key") + 100\n'
                "        writer.tables.chats.make(chat_key=key, chat_id=asked.chat_id, created_at=writer.now)\n"
                "        return None\n    items",
            ),
        ),
    ),
)

ROWS: tuple[Mutant, ...] = (*_RECORDING, *_WHOSE, *_DRAWING, *_SCHEDULE, *_LEASES, *_PUBLISHING, *_TELLING, *_GREETING)
