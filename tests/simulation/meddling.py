"""What people change behind the workers' backs: items, accounts, messages, pauses, locks on rows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from random import Random

from actors.domain.group_ids import GroupKind
from actors.domain.membership import BotMembership
from actors.domain.updates import Membership
from tests.fakes.admin import Requeue, operator_queued, operator_removes, operator_requeues
from tests.fakes.writer import Writer
from tests.simulation.furniture import CHATS, queue_story
from tests.simulation.plan import Episode
from tests.simulation.stage import Stage

OWNER_ID = 89
RIGHTS_SECONDS = 15.0
RIGHTS = (
    BotMembership.ADMINISTRATOR,
    BotMembership.RESTRICTED,
    BotMembership.LEFT,
    BotMembership.MEMBER,
    BotMembership.ADMINISTRATOR,
)
SHOWS_ACCOUNT = {"presenting", "in_review", "publishing", "in_doubt"}


class Meddling:
    """Chooses what it changes."""

    def __init__(self, stage: Stage, dice: Random) -> None:
        self._stage = stage
        self._dice = dice

    def remove(self, episode: Episode) -> None:
        """The operator takes an item out, or brings one back, and nudges the workers."""
        tables = self._stage.database.store.tables
        item = self._dice.choice(list(tables.items.all()))
        with tables.transaction():
            writer = Writer(tables, self._stage.clock.now())
            if item.state in {"skipped", "expired"}:
                refusal = operator_requeues(writer, Requeue(item.item_id))
            else:
                refusal = operator_removes(writer, item.item_id) if episode.strength < 0.4 else "left alone"
        self._stage.note("item removed")
        self._stage.tell(f"the operator changes item {item.item_id}: {refusal or 'done'}")
        self._stage.database.notify()

    def switch(self) -> None:
        """The operator connects another account to the first chat."""
        tables = self._stage.database.store.tables
        with tables.transaction():
            chat = tables.chats.get(1)
            assert chat is not None
            self._outdate(Writer(tables, self._stage.clock.now()))
            tables.chats.put(replace(chat, account_id=3 - (chat.account_id or 1)))
        self._stage.note("account switched")
        self._stage.database.notify()

    def _outdate(self, writer: Writer) -> None:
        """`outdate_open_cards` of the first chat."""
        items = [item for item in writer.tables.items.all() if item.chat_key == 1 and item.state in SHOWS_ACCOUNT]
        for item in items:
            writer.tables.items.put(replace(item, revision=item.revision + 1))
            writer.claim_cards(item, item.revision + 1)

    def disconnect(self) -> None:
        """Somebody takes the app its access to the first chat's account: Instagram refuses the token from now on."""
        chat = self._stage.database.store.tables.chats.get(1)
        assert chat is not None
        assert chat.account_id is not None
        self._stage.instagram.dead_tokens.add(chat.account_id)
        self._stage.note("token of an account refused")

    def reconnect(self) -> None:
        """The operator connects it again, as the command line does."""
        tables = self._stage.database.store.tables
        self._stage.instagram.dead_tokens.clear()
        with tables.transaction():
            chat = tables.chats.get(1)
            assert chat is not None
            self._outdate(Writer(tables, self._stage.clock.now()))
            account = tables.accounts.get(1, chat.account_id)
            assert account is not None
            tables.accounts.put(replace(account, sealed_token=b"another", token_gone=False))
        self._stage.note("account connected again")
        self._stage.database.notify()

    def queue(self) -> None:
        """The operator queues one more story for each group, whose slot is now."""
        store = self._stage.database.store
        for chat in tuple(store.tables.chats.all()):
            with store.tables.transaction():
                key = queue_story(store, chat.chat_key)
                operator_queued(Writer(store.tables, self._stage.clock.now()), key[1])
        self._stage.note("story queued")
        self._stage.database.notify()

    def change_rights(self) -> None:
        """The owner of the second group demotes the bot, throws it out, and brings it in with its rights."""
        for number, (before, after) in enumerate(pairwise(RIGHTS)):
            change = Membership(0, CHATS[1], GroupKind.SUPERGROUP, OWNER_ID, before, after)
            self._stage.timeline.after(number * RIGHTS_SECONDS, partial(self._stage.telegram.put, change))
        self._stage.note("rights changed")

    def delete(self) -> None:
        """Somebody deletes a message, at best one that was tapped in the same moment."""
        there = [screen for screen in self._stage.telegram.screens.values() if not screen.deleted]
        screens = [screen for screen in there if screen.now.keyboard] or there
        if screens:
            screen = self._dice.choice(screens)
            self._stage.guests.press(screen.now)
            screen.deleted = True
            self._stage.note("message deleted")
            self._stage.tell(f"message {screen.now.face.message_id} is deleted")

    def pause(self, chat_key: int, *, paused: bool) -> None:
        """The operator pauses a chat, or lets it go on."""
        tables = self._stage.database.store.tables
        with tables.transaction():
            chat = tables.chats.get(chat_key)
            assert chat is not None
            tables.chats.put(replace(chat, paused=paused))
        self._stage.database.notify()

    def spoil(self) -> None:
        """Of each group's stories that wait, the next one and another one have pictures that the platform refuses."""
        for chat_key in range(1, len(CHATS) + 1):
            waiting = [
                item
                for item in self._stage.database.store.tables.items.all()
                if item.chat_key == chat_key and item.state == "waiting"
            ]
            first = sorted(waiting, key=lambda item: (item.due_at, item.item_id))
            self._stage.telegram.spoiled.update(item.item_id for item in first[:3:2])
        self._stage.note("picture refused")
        self._stage.tell(f"the pictures of {sorted(self._stage.telegram.spoiled)} are refused")

    def close(self) -> None:
        """The bot loses its rights in the groups."""
        self._stage.telegram.closed.update(CHATS)
        self._stage.note("chat closed")

    def reopen(self) -> None:
        """It gets them back, and is told so."""
        closed = sorted(self._stage.telegram.closed)
        self._stage.telegram.closed.clear()
        for chat_id in closed:
            before, after = BotMembership.RESTRICTED, BotMembership.ADMINISTRATOR
            self._stage.telegram.put(Membership(0, chat_id, GroupKind.SUPERGROUP, OWNER_ID, before, after))

    def lock(self) -> None:
        """Somebody works on one row."""
        items = list(self._stage.database.store.tables.items.all())
        item = self._dice.choice(items)
        chat = self._stage.database.store.tables.chats.get(item.chat_key)
        assert chat is not None
        self._stage.note("row locked")
        self._stage.database.locked.add((chat.chat_id, item.item_id))

    def lock_all(self, seconds: float) -> None:
        """Somebody works on the whole table."""
        tables = self._stage.database.store.tables
        self._stage.note("row locked")
        self._stage.database.locked |= {
            (chat.chat_id, item.item_id)
            for chat in tables.chats.all()
            for item in tables.items.all()
            if item.chat_key == chat.chat_key
        }
        self._stage.timeline.after(seconds, self._stage.database.locked.clear)
