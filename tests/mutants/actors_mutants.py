"""Mistakes in the actors: what decides, what stores, what draws, what publishes, and what lets them live."""

from __future__ import annotations

from tests.mutants.mutant import Edit, Mutant, mutant

CARDS = "actors/cards/actor.py"
CHAT_LIMITS = "actors/cards/chat_limits.py"
PENDING_EDITS = "actors/cards/pending_edits.py"
DATABASE = "actors/database/actor.py"
ITEM = "actors/item/actor.py"
DECIDE = "actors/item/decide.py"
FOREIGN_MESSAGES = "actors/item/foreign_messages.py"
SENDING = "actors/item/sending.py"
PUBLISH = "actors/publish/actor.py"
REGISTRY = "actors/runtime/registry.py"
RECONCILER = "actors/schedule/reconciler.py"
POLL_LEASE = "actors/updates/poll_lease.py"
POLLING = "actors/updates/polling.py"
WEBHOOK = "actors/updates/webhook.py"
CARD_TEXTS = "infra/telegram/cards.py"

ACTORS: tuple[Mutant, ...] = (
    mutant(
        "confirmed_before_it_is_recorded",
        "F7",
        "Telegram forgets a tap as soon as its item was told",
        Edit(POLLING, "held.done = held.done or taken is Dispatched.DONE", "held.done = True"),
    ),
    mutant(
        "offset_moves_over_what_is_unfinished",
        "F7",
        "the offset follows the newest update that is done, whatever waits before it",
        Edit(
            POLLING,
            "waiting = [update_id for update_id, held in self._held.items() if not held.done]\n        if self._held:",
            "done = [update_id for update_id, held in self._held.items() if held.done]\n        if done:",
        ),
        Edit(
            POLLING, "self._offset = min(waiting) if waiting else max(self._held) + 1", "self._offset = max(done) + 1"
        ),
    ),
    mutant(
        "webhook_takes_what_is_not_durable",
        "F7",
        "a webhook answers 2xx after a second, whether what it was brought is durable or not",
        Edit(WEBHOOK, "held.given_back = True\n        return Receipt.LATER", "return Receipt.DONE"),
        profile="webhook",
    ),
    mutant(
        "backlog_taken_for_new",
        "T6: read back instead of keyed retry",
        "what an earlier process may have recorded is refused as surely not saved",
        Edit(POLLING, "redelivered = self._backlog\n", "redelivered = False\n"),
    ),
    mutant(
        "told_again_what_is_held",
        "F14",
        "an update that a poll brings once more is told to its item once more",
        Edit(
            POLLING,
            "if self._updates.identify(raw) not in self._held and not self._take_one(raw, redelivered):",
            "if not self._take_one(raw, redelivered):",
        ),
    ),
    mutant(
        "refused_edit_taken_for_a_deleted_message",
        "F8",
        "an edit that is refused while the bot has no right gives its card up for good",
        Edit(CARDS, "        except MessageGone:\n", "        except Refused:\n"),
        promise="cards tell the truth",
    ),
    mutant(
        "refused_story_comes_first_for_ever",
        "F38",
        "a story whose picture Telegram refuses is the chat's next one again, every minute",
        Edit(
            SENDING,
            "            return SetStoryAside(row, worker, str(error))\n",
            "            return SendFailed(row, worker, False, MOVED_SECONDS, refused=True, reason=str(error))\n",
        ),
        promise="a refused story steps aside",
    ),
    mutant(
        "story_pays_for_its_chat",
        "F38",
        "a chat in which the bot has no right to send pictures has each of its stories set aside",
        Edit(
            SENDING,
            "            return PauseRefusedChat(row, worker, str(error))\n",
            "            return SetStoryAside(row, worker, str(error))\n",
        ),
        promise="a story is set aside for its own fault",
    ),
    mutant(
        "change_of_rights_unheard",
        "F38",
        "cards and edits that were refused wait for their pauses although the bot got its rights back",
        Edit(
            "actors/commands/greeting.py",
            "        if is_known and change.after not in OUTSIDE:\n",
            "        if is_known and change.after in OUTSIDE:\n",
        ),
    ),
    mutant(
        "poller_gives_up",
        "F38",
        "after ten failures in a row nobody polls any more",
        Edit(
            POLLING,
            "        while True:\n            if not self._lease",
            "        while self._failures < 10:\n            if not self._lease",
        ),
    ),
    mutant(
        "conflict_ignored",
        "F29",
        "a poller that meets another one goes on without reading the lease",
        Edit(POLLING, "                self._lease.look()\n", ""),
    ),
    mutant(
        "oldest_never_refused",
        "F1",
        "a hundred taps wait for a database that is away, and nobody sees the next one",
        Edit(POLLING, "        self._advance()\n        self._refuse_oldest()\n", "        self._advance()\n"),
    ),
    mutant(
        "command_of_a_neighbour_obeyed_until_the_name_is_known",
        "B4",
        "who does not know yet what it is called takes every bot's commands for its own",
        Edit("actors/commands/bot_name.py", "if self.is_mine(name):", "if self.name is None or self.is_mine(name):"),
    ),
    mutant(
        "old_command_done",
        "B4",
        "what people wrote hours ago, while nobody listened, is done at the next start",
        Edit("actors/commands/parsing.py", "return age_seconds > OLD_SECONDS and", "return age_seconds < 0 and"),
    ),
    mutant(
        "standby_sleeps",
        "T6: take-over",
        "a standby looks at the lease as seldom as a holder whom nobody waits for",
        Edit(
            POLL_LEASE,
            "return max(0.1, min(OVERDUE_READ_SECONDS if overdue else STANDBY_SECONDS, view.seconds_left + 0.1))",
            "return ALONE_SECONDS / 2",
        ),
    ),
    mutant(
        "no_redraw_at_take_over",
        "F36",
        "who takes the poll over trusts the cards of the worker that died",
        Edit(POLL_LEASE, "                self._on_take_over()", "                pass"),
    ),
    mutant(
        "no_redraw_at_start",
        "F36",
        "a worker that starts looks only at cards that nobody has acknowledged",
        Edit(
            RECONCILER,
            "self._wake_up = WakeUp()\n        self._everything = True",
            "self._wake_up = WakeUp()\n        self._everything = False",
        ),
    ),
    mutant(
        "recovery_lost_in_an_outage",
        "F36",
        "what could not be looked at while the database was away is never looked at",
        Edit(
            RECONCILER,
            "            self._everything = self._everything or operation.everything\n"
            "            return AFTER_OUTAGE_SECONDS",
            "            return seconds_to_poll_window()",
        ),
    ),
    mutant(
        "publishes_left_behind",
        "F30",
        "a publish whose worker died is nobody's",
        Edit(RECONCILER, "        told += [(row, Resume(row)) for row in found.unpublished]\n", ""),
    ),
    mutant(
        "cards_left_behind",
        "F36",
        "a card whose worker died between the record and the edit is nobody's",
        Edit(
            RECONCILER,
            "[(row, Changed(row, RECOVERED)) for row in found.behind]",
            "[(row, Changed(row, RECOVERED)) for row in found.behind if row.phase is not None]",
        ),
    ),
    mutant(
        "schedule_sleeps_after_an_outage",
        "F26",
        "a look at the schedule that failed is made up for at the next poll window",
        Edit(
            "actors/schedule/scheduler.py",
            "            return AFTER_OUTAGE_SECONDS",
            "            return seconds_to_poll_window()",
        ),
    ),
    mutant(
        "lost_answer_taken_for_not_applied",
        "F15",
        "an attempt whose answer was lost counts as one that was never made",
        Edit("actors/database/request.py", "not (self.under_way or self.may_be_applied)", "not self.under_way"),
    ),
    mutant(
        "doubt_forgotten",
        "F15",
        "a later attempt that surely failed makes the earlier, lost one certain, too",
        Edit(DATABASE, "request.may_be_applied = request.may_be_applied or lost", "request.may_be_applied = lost"),
    ),
    mutant(
        "probe_never_ends",
        "F17",
        "an outage's probe whose answer is lost leaves the gate closed for ever",
        Edit(DATABASE, "        elif attempt.probe:\n            self._missed(error, now, probe=True)\n", ""),
    ),
    mutant(
        "hands_die",
        "F13",
        "only lost answers are expected of a connection: any other failure ends the actor",
        Edit(DATABASE, "        except PortError as error:", "        except AnswerLost as error:"),
    ),
    mutant(
        "bound_holds_the_connection",
        "F12",
        "an attempt that exceeds its bound is not reported, and its connection counts as busy for ever",
        Edit(
            DATABASE,
            "        self._mailbox.control(Attempt(request, probe, reached, value, failure))",
            "        if reached or failure is None:\n"
            "            self._mailbox.control(Attempt(request, probe, reached, value, failure))",
        ),
    ),
    mutant(
        "batch_under_a_new_key",
        "F14",
        "interactions that may have been written are written again under another key",
        Edit(
            "actors/audit/interaction_log.py",
            "                await anyio.sleep(self._settings.batch_seconds)\n                return",
            "                self._batch = None\n"
            "                await anyio.sleep(self._settings.batch_seconds)\n                return",
        ),
    ),
    mutant(
        "refused_edit_tried_for_ever",
        "F8",
        "an edit that Telegram refuses is sent again and again",
        Edit(
            CARDS,
            "            self._shown(message, edit, gone=True)",
            "            self._try_again(chat, message, edit, None)",
        ),
    ),
    mutant(
        "late_edit_not_confirmed",
        "F36",
        "an edit whose answer was lost may be applied over a newer one, and nobody looks after it",
        Edit(CARDS, "            self._confirm_later(chat, message)\n", ""),
    ),
    mutant(
        "lost_edit_taken_for_shown",
        "F36",
        "an edit whose answer was lost counts as shown",
        Edit(
            CARDS,
            "            self._confirm_later(chat, message)\n            self._try_again(chat, message, edit, None)",
            "            self._shown(message, edit, gone=False)",
        ),
    ),
    mutant(
        "acknowledged_before_it_is_explained",
        "F39",
        "what is shown is acknowledged while the line of its tap still waits for the toast",
        Edit(CARDS, "gone=gone), edit.logged)", "gone=gone))"),
    ),
    mutant(
        "waiter_never_woken",
        "F39",
        "who waits for an edit that a newer one replaced waits for ever",
        Edit(PENDING_EDITS, "        self.waiters += other.waiters\n", ""),
    ),
    mutant(
        "lost_claim_unheeded",
        "F36",
        "an acknowledgement that came after another worker's claim changes nothing",
        Edit(CARDS, "            if reply.value:\n                self._on_lost_claim()\n", ""),
    ),
    mutant(
        "marked_after_the_call",
        "F30",
        "the publish call is sent first and recorded with its answer",
        Edit(
            "actors/publish/going_on.py",
            "return store(replace(saga, marked=attempt), phase=Phase.PUBLISHING, attempt=attempt)",
            "return PublishDecision(\n"
            "        replace(saga, publish=replace(publish, attempt=attempt)),\n"
            "        PublishContainer(publish, saga.renewed + SEND_WITHIN_SECONDS),\n"
            "    )",
        ),
    ),
    mutant(
        "lost_publish_gets_a_new_container",
        "F28",
        "a publish call whose answer was lost is repeated with a new container",
        Edit(
            "actors/publish/doubts.py",
            "            return _lost(saga, publish, failed)",
            "            return start_over(saga)",
        ),
    ),
    mutant(
        "finished_gets_a_new_container",
        "F28",
        "a container that is still to be published after a lost call is replaced by a new one",
        Edit(
            "actors/publish/doubts.py",
            "            attempt = publish.attempt + 1\n"
            "            return store(replace(saga, marked=attempt), attempt=attempt)",
            "            return start_over(saga)",
        ),
    ),
    mutant(
        "lost_publish_taken_for_a_failure",
        "F27",
        "a publish call whose answer was lost is told as failed, with the buttons back",
        Edit(
            "actors/publish/doubts.py",
            "            return _lost(saga, publish, failed)",
            "            return refuse(saga, texts.UNTOLD)",
        ),
    ),
    mutant(
        "doubt_looks_at_once",
        "F28",
        "after a lost publish call the container is read before the call's effect can be seen",
        Edit("actors/publish/going_on.py", "settled = saga.since + SETTLE_SECONDS if", "settled = saga.since if"),
    ),
    mutant(
        "same_link_at_every_try",
        "9004/2207052",
        "a file that could not be fetched is asked for again by the same link, which Instagram remembers",
        Edit("actors/publish/effects.py", "{publish.token}.{self.number}", "{publish.token}"),
    ),
    mutant(
        "unreadable_taken_for_gone",
        "100/33",
        "people say that nothing is live, the container cannot be read, and another one is made",
        Edit(
            "actors/publish/fetching.py",
            "    return still_in_doubt(saga, texts.UNSEEN) if publish.inherited else ",
            "    return start_over(saga) if publish.inherited else ",
        ),
    ),
    mutant(
        "container_in_doubt_left_behind",
        "100/33",
        "Auto Post after a publish that was lost, and then refused or cancelled, makes another container",
        Edit(
            "tests/fakes/publishes.py",
            'sent = before.state in {"refused", "cancelled"} and (before.lost or before.inherited)',
            "sent = False",
        ),
    ),
    mutant(
        "lease_not_checked_before_the_call",
        "F29",
        "who was frozen after the mark publishes as if no time had passed",
        Edit(
            PUBLISH,
            "        if anyio.current_time() > deadline:\n            return CameTooLate(anyio.current_time())\n",
            "",
        ),
    ),
    mutant(
        "fenced_out_goes_on",
        "F10",
        "a step that the database did not take is followed by the next one",
        Edit(
            PUBLISH,
            "        if stepped.publish is not None:\n            return StepStored(",
            "        if stepped.publish is None and isinstance(operation, StepPublish):\n"
            "            move = operation.move\n"
            "            ours = replace(operation.publish, phase=move.phase, attempt=move.attempt)\n"
            "            return StepStored(ours, asked_at, anyio.current_time())\n"
            "        if stepped.publish is not None:\n            return StepStored(",
        ),
        Edit(
            PUBLISH,
            "from dataclasses import asdict, dataclass\n",
            "from dataclasses import asdict, dataclass, replace\n",
        ),
    ),
    mutant(
        "saga_ends_with_a_lost_answer",
        "F17",
        "a step of which nobody knows whether it was stored is not stored again",
        Edit(
            PUBLISH,
            "        reply = await ask_until_answered(dependencies.store, operation, terms, dependencies.pause)\n",
            "        try:\n            reply = await dependencies.store.ask(operation, terms())\n"
            "        except Exception as lost:\n            reply = None\n"
            "            if lost.cause.name == 'REFUSED':\n                raise\n",
        ),
    ),
    mutant(
        "held_by_the_dead",
        "F26",
        "a publish that another worker holds is left to it, also if it dies",
        Edit(PUBLISH, "        if stepped.held:\n            self._dependencies.left_behind()\n", ""),
    ),
    mutant(
        "passivated_while_it_waits",
        "T6: passivation evicts the next incarnation",
        "an actor is put away ten seconds after its last message, though an effect of its is under way",
        Edit(REGISTRY, "        elif cell.effects:\n            self._run_queue.leave(cell)\n", ""),
        Edit("actors/runtime/cell.py", "idle_seconds: float = 120.0", "idle_seconds: float = 10.0"),
    ),
    mutant(
        "passivated_with_its_mail",
        "T6: passivation evicts the next incarnation",
        "an actor that knows nothing is put away with the messages that came meanwhile",
        Edit(
            REGISTRY,
            "        if cell.mailbox.depth:\n            self._run_queue.add(cell)\n        elif cell.effects:\n"
            "            self._run_queue.leave(cell)\n        elif cell.idle or not self._open:\n"
            "            self._evict(cell, Reason.KILLED)\n",
            "        if cell.idle or not self._open:\n            self._evict(cell, Reason.KILLED)\n"
            "        elif cell.mailbox.depth:\n            self._run_queue.add(cell)\n        elif cell.effects:\n"
            "            self._run_queue.leave(cell)\n",
        ),
    ),
    mutant(
        "drained_by_cancelling",
        "T6: drain by cancelling",
        "a stop cancels what is under way",
        Edit(
            REGISTRY,
            "        self._open = False\n        for cell in tuple(self._cells.values()):\n"
            "            self._settle(cell)\n        self._run_queue.wake()\n",
            "        self._open = False\n        if self._tasks is not None:\n"
            "            self._tasks.cancel_scope.cancel()\n",
        ),
    ),
    mutant(
        "forgotten_at_the_stop",
        "F7",
        "who stops does not wait for what is held, and confirms all of it",
        Edit(POLLING, "        while waiting():\n", "        while waiting() and self._offset is None:\n"),
        Edit(
            POLLING,
            "        if self._offset in {None, self._asked} or not self._lease.is_held:\n",
            "        if not self._lease.is_held:\n",
        ),
        Edit(
            POLLING,
            "await self._updates.get(self._offset, 0.0)",
            "await self._updates.get(max(self._held, default=0) + 1, 0.0)",
        ),
    ),
    mutant(
        "newest_edit_lost_to_an_older_one",
        "F36",
        "an edit that failed is sent again in place of the newer one, and acknowledged as that",
        Edit(
            PENDING_EDITS,
            "            self.put(newer)",
            "            edit.shown = newer.shown or edit.shown\n            edit.take_over(newer)",
        ),
    ),
    mutant(
        "refused_toast_stops_the_action",
        "F6",
        "a toast that comes too late ends whatever its tap began",
        Edit(
            "actors/item/callback_answers.py",
            "        except Refused:\n            return Toasted(False)\n",
            "        except Refused:\n            raise\n",
        ),
    ),
    mutant(
        "read_instead_of_the_keyed_close",
        "F15",
        "a tap that may have been stored is looked up, and refused if its row does not show it",
        Edit(
            ITEM,
            "from actors.domain.messages import (\n",
            "from actors.domain.messages import (\n    NotRecorded,\n    Recorded,\n",
        ),
        Edit(
            ITEM,
            "closing = self._dependencies, CloseTap(tap, self._dependencies.worker)",
            "closing = self._dependencies, LoadItem(tap.press.chat_id, tap.press.item_id)",
        ),
        Edit(
            ITEM,
            "                if reply is not None:\n"
            "                    await self._context.tell(reply.value)\n                return",
            "                row = reply and reply.value\n"
            "                took = row is not None and row.settled and row.settled.tap_id == tap.press.id\n"
            "                known = Recorded(tap, row, True) if row and took else NotRecorded(tap, certain=True)\n"
            "                await self._context.tell(known)\n                return",
        ),
    ),
    mutant(
        "unconfirmed_tap_left_open",
        "T6: read back instead of keyed retry",
        "a tap of which nobody knows whether it was stored is never closed",
        Edit(
            DECIDE,
            "(refusal(memory, _line(memory, tap, line, needed=True)), CloseUnconfirmedTap(tap))",
            "(refusal(memory, _line(memory, tap, line, needed=True)),)",
        ),
    ),
    mutant(
        "busy_tap_is_silent",
        "F4",
        "who taps while another tap is being recorded hears nothing",
        Edit(
            DECIDE,
            "    return Decision(memory, visibly(text, conclusion))\n\n\ndef _came_again",
            "    return Decision(memory, visibly(text, conclusion)[1:])\n\n\ndef _came_again",
        ),
    ),
    mutant(
        "toast_after_the_record",
        "F2",
        "the toast waits until the tap is stored",
        Edit(
            DECIDE,
            "    effects = (toast, Record(tap), WatchRecording(tap), *give_way(memory, tap.press))\n",
            "    assert toast\n    effects = (Record(tap), WatchRecording(tap), *give_way(memory, tap.press))\n",
        ),
        Edit(
            DECIDE,
            "(*memory.aside, tap)), (toast, Record(tap), WatchRecording(tap)))\n",
            "(*memory.aside, tap)), (Record(tap), WatchRecording(tap)))\n",
        ),
        Edit(
            DECIDE,
            "            ShowCard(newest, press, cause),\n",
            "            AnswerTap(press, texts.toast(message.tap.action, None)),\n"
            "            ShowCard(newest, press, cause),\n",
        ),
        Edit(
            DECIDE,
            "            ShowCard(_newest(memory, row), press, Outcome.STALE.value),\n",
            "            AnswerTap(press, texts.toast(message.tap.action, row)),\n"
            "            ShowCard(_newest(memory, row), press, Outcome.STALE.value),\n",
        ),
    ),
    mutant(
        "toast_claims",
        "T6: record, then claim",
        "the toast says that it is done",
        Edit(
            "actors/item/texts.py",
            '    doing = DOING[action].capitalize() + "…"\n',
            '    doing = "Skipped" if action is Action.SKIP else DOING[action].capitalize() + "…"\n',
        ),
    ),
    mutant(
        "keyboard_removed_and_not_restored",
        "F3",
        "the buttons go while a tap is recorded, and a refusal does not bring them back",
        Edit(
            CARD_TEXTS,
            "    if face.retired:\n        return ()\n",
            "    if face.retired or face.line is not None:\n        return ()\n",
        ),
        Edit(
            DECIDE,
            "replace(_line(memory, tap, line, needed=True), check=True)",
            "_line(memory, tap, line, needed=True)",
        ),
    ),
    mutant(
        "refusal_takes_the_buttons",
        "F3",
        "a tap that was not saved leaves a card without buttons",
        Edit(
            CARD_TEXTS,
            "    if face.retired:\n        return ()\n",
            "    if face.retired or (face.line or '').startswith('⚠️'):\n        return ()\n",
        ),
        Edit(
            DECIDE,
            "replace(_line(memory, tap, line, needed=True), check=True)",
            "_line(memory, tap, line, needed=True)",
        ),
    ),
    mutant(
        "recording_never_closed",
        "F18",
        "after a tap that came too late its item says for ever that it is being recorded",
        Edit(DECIDE, "    memory = memory.close(press).learn(row, press)\n", "    memory = memory.learn(row, press)\n"),
    ),
    mutant(
        "loser_is_not_shown",
        "F4",
        "who was too late sees nothing new on the card",
        Edit(DECIDE, "            ShowCard(_newest(memory, row), press, Outcome.STALE.value),\n", ""),
    ),
    mutant(
        "view_before_the_row_has_vouched",
        "forged press",
        "what decides nothing is shown at once, on whatever message it was pressed",
        Edit(
            DECIDE,
            "return press.standing is TapRight.MAY and memory.owns(press)",
            "return press.standing is TapRight.MAY and memory.known is not None",
        ),
    ),
    mutant(
        "memory_draws_the_past",
        "F36",
        "a line is drawn over what memory knows, though the person saw something newer",
        Edit(
            "actors/item/memory.py",
            "        if row is None or row.version < press.version:\n",
            "        if row is None:\n",
        ),
    ),
    mutant(
        "question_stays",
        "F3",
        "a question that nobody answers hides the buttons for ever",
        Edit(
            "actors/item/questions.py", "*give_way(memory, press), WatchQuestion(press))", "*give_way(memory, press))"
        ),
    ),
    mutant(
        "poison_told_again",
        "T6: poison redelivered",
        "a question that was answered before it expired crashes its item, which is told the same again",
        Edit(
            DECIDE,
            "        case AskExpired():\n            return Decision(memory)",
            '        case AskExpired():\n            raise AssertionError("nothing is asked")',
        ),
        Edit(
            REGISTRY,
            "            self._crashed(DeadLetter(cell.key, message, Reason.CRASHED, attempt.error))",
            "            cell.mailbox.control(message)",
        ),
    ),
    mutant(
        "stored_within_a_second",
        "F20",
        "a card that was sent is given one second to be saved, or it is sent again",
        Edit(SENDING, "terms_for(TAP_HOLD_SECONDS)", "terms_for(1.0)"),
    ),
    mutant(
        "ambiguous_send_taken_for_unsent",
        "F20",
        "a card of which nobody knows whether it was sent is sent as often as it takes",
        Edit(SENDING, "not patience.sending.kept_back, 0.0, reason=reason)", "False, 0.0, reason=reason)"),
    ),
    mutant(
        "upload_given_up_by_the_clock",
        "F20",
        "a file that leaves slowly is given up after a minute, though it moves",
        Edit(SENDING, "Sending(self._moved)", "Sending()"),
    ),
    mutant(
        "wait_for_a_turn_counts_as_a_lost_send",
        "F22",
        "a file that was given up before its end had left counts as one that may have come",
        Edit(SENDING, "not patience.sending.kept_back, 0.0, reason=reason)", "True, 0.0, reason=reason)"),
    ),
    mutant(
        "claim_ends_while_its_card_leaves",
        "F20",
        "the claim of a card that is on its way for minutes runs out, and another worker sends a second one",
        Edit(
            SENDING,
            "            tasks.start_soon(self._keep_claim, row)",
            "            tasks.start_soon(anyio.sleep, 0.0)",
        ),
    ),
    mutant(
        "confirmed_before_the_refusal_is_seen",
        "F7",
        "Telegram forgets a tap before its refusal has reached anybody",
        Edit("actors/item/tap_progress.py", "        return after is After.NOTHING or", "        return True or"),
    ),
    mutant(
        "chat_stuck_after_a_pause",
        "F8",
        "the seconds for which Telegram asks after too many edits are taken for minutes",
        Edit(
            CARDS,
            "self.paces.of(chat.chat_id).close(now + retry_after)",
            "self.paces.of(chat.chat_id).close(now + 60 * retry_after)",
        ),
    ),
    mutant(
        "older_row_drawn",
        "F36",
        "a card is drawn from the row that was heard of last, even if a newer one is known",
        Edit(
            PENDING_EDITS,
            "    return edit.shown is None or _is_of_older_row(edit, waiting)",
            "    return edit.shown is None",
        ),
        Edit(
            PENDING_EDITS,
            "        if self.in_flight is not None and _is_of_older_row(edit, self.in_flight):\n"
            "            self.in_flight.take_over(edit)\n        elif self.newest",
            "        if self.newest",
        ),
        Edit(
            DECIDE,
            "return row if memory.row is None or row.revision >= memory.row.revision else memory.row",
            "return row",
        ),
    ),
    mutant(
        "flood_is_served",
        "flood",
        "whatever number of commands one person writes, each is done and answered in its turn",
        Edit(
            "actors/domain/flood_limit.py",
            "if len(asked_at) == self._most and now - asked_at[0] < SECONDS:",
            "if len(asked_at) == self._most and now < asked_at[0]:",
        ),
    ),
    mutant(
        "pause_is_kept_by_one_message_alone",
        "flood",
        "whoever meets a 429 waits, and nobody else of that chat is told",
        Edit(CHAT_LIMITS, "if error.retry_after_seconds:", "if error.retry_after_seconds and not self._paces:"),
    ),
    mutant(
        "cards_are_sent_into_a_pause",
        "flood",
        "edits and answers wait for the end of a pause, and cards and files are sent all the same",
        Edit(CHAT_LIMITS, "        if rest > 0:", "        if rest > 86_400:"),
    ),
    mutant(
        "view_without_a_look_at_the_role",
        "forged press",
        "what decides nothing is shown to whoever presses on a card that memory knows",
        Edit(DECIDE, "return press.standing is TapRight.MAY and memory.owns(press)", "return memory.owns(press)"),
    ),
    mutant(
        "stranger_takes_the_slot",
        "forged press",
        "the tap of a person whose right is not known takes the item's one recording slot",
        Edit(DECIDE, "    if tap.press.standing is not TapRight.MAY:\n", "    if False:\n"),
    ),
    mutant(
        "stranger_stands_on_the_card",
        "forged press",
        "the card says that a person whose right is not known is deciding",
        Edit(
            DECIDE,
            "return is_open and tap.press.standing.draws and memory.owns(tap.press)",
            "return is_open and memory.owns(tap.press)",
        ),
    ),
    mutant(
        "refusal_of_a_stranger_on_the_card",
        "forged press",
        "the card says that the tap of a person whose right is not known was not saved",
        Edit(
            FOREIGN_MESSAGES,
            "return line if press.standing.draws and memory.owns(press) else",
            "return line if memory.owns(press) else",
        ),
    ),
    mutant(
        "stranger_hears_nothing",
        "F4",
        "a person without the right is told that the tap is being stored, and nothing after that",
        Edit(FOREIGN_MESSAGES, "    told = press.standing is TapRight.LAPSED  # by the toast\n", "    told = True\n"),
    ),
)
