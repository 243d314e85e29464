"""What a worker remembers beyond the life of an item's actor: which messages are surely cards, and who was told."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

import anyio

from actors.bounds import PRESS_SECONDS
from actors.domain.item import Item
from actors.domain.messages import (
    Barred,
    Forbidden,
    Gone,
    Message,
    NotOurs,
    NotRecorded,
    Recorded,
    Stale,
    Unvouched,
    Vouched,
)
from actors.domain.taps import Press, TapRight
from actors.item.memory import Known

K = TypeVar("K")
V = TypeVar("V")
MOST_KNOWN = 10_000  # items; so a database that is away leaves no card of theirs without its refusals
MOST_TOLD = 1_000
MOST_PEOPLE = 10_000
MOST_ASKED = 10  # presses of one person whose right is not known; a finger makes no more while the database answers
RIGHT_SECONDS = 300.0  # a role that was taken away is seen by then
REFUSED_SECONDS = 10.0  # a role that was given is seen by then: its person is never refused for longer
DOUBT_SECONDS = 600.0
SELDOM_SECONDS = 60.0


class KnownCards:
    """The items that a worker has heard of lately, by chat and number."""

    def __init__(self) -> None:
        self._items: OrderedDict[tuple[int, int], Known] = OrderedDict()

    def of(self, key: tuple[int, int]) -> Known | None:
        """Return what is known of this item."""
        return self._items.get(key)

    def keep(self, key: tuple[int, int], known: Known) -> None:
        """Remember it, in the place of the one that was heard of least lately."""
        _put(self._items, key, known, MOST_KNOWN)


class RecentlyTold:
    """Who was told what in a chat lately: whatever is pressed can be forged again and again."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[int, int, str], float] = OrderedDict()

    def may_tell(self, press: Press, text: str) -> bool:
        """Tell whether this person may hear it in this chat now; then not for a minute."""
        key, now = (press.chat_id, press.person.id, text), anyio.current_time()
        if now - self._told.get(key, float("-inf")) < SELDOM_SECONDS:
            return False
        _put(self._told, key, now, MOST_TOLD)
        return True


class People:
    """Who may tap in which chat, as the database said in the last minutes, and how often it is being asked that."""

    def __init__(self) -> None:
        self._chats: OrderedDict[int, tuple[bool, float]] = OrderedDict()
        self._people: OrderedDict[tuple[int, int], tuple[bool, float]] = OrderedDict()
        self._asked: OrderedDict[tuple[int, int], dict[str, float]] = OrderedDict()
        self._noted = RecentlyTold()

    def standing(self, press: Press) -> TapRight:
        """Tell what is known of the right of this person."""
        known = self._known(press)
        crowded = known in {TapRight.UNKNOWN, TapRight.LAPSED} and self._is_crowded(press)
        return TapRight.CROWDED if crowded else known

    def asks(self, press: Press) -> None:
        """The database is asked for the sake of this press."""
        if press.standing is not TapRight.MAY:
            key = (press.chat_id, press.person.id)
            _put(self._asked, key, {**self._asked.get(key, {}), press.id: anyio.current_time()})

    def may_note(self, press: Press) -> bool:
        """Tell whether this press goes into the record of interactions: of a person without the right, one a minute."""
        return self._known(press).draws or self._noted.may_tell(press, "")

    def hear(self, message: Message) -> None:
        """Remember what the database said of a chat and of a person in it, or that it said nothing."""
        match message:
            case Recorded(tap, row) | Stale(tap, row):
                self._keep(tap.press, row, may=True)
            case Vouched(about, row):
                self._keep(about.press, row, may=True)
            case Forbidden(about) | Barred(about):
                self._keep(about.press, None, may=False)
            case Gone(about) | NotOurs(about) | Unvouched(about) | NotRecorded(about, certain=True):
                self._answered(about.press)

    def hear_of_chat(self, chat_id: int, *, restricted: bool) -> None:
        """Remember whether a chat asks for a role."""
        _put(self._chats, chat_id, (restricted, anyio.current_time()))

    def _known(self, press: Press) -> TapRight:
        now = anyio.current_time()
        restricted, heard = self._chats.get(press.chat_id, (True, now))
        if not restricted:
            return TapRight.MAY if now - heard < RIGHT_SECONDS else TapRight.LIKELY
        may, heard = self._people.get((press.chat_id, press.person.id), (True, float("-inf")))
        ago = now - heard
        if ago >= (RIGHT_SECONDS if may else DOUBT_SECONDS):
            return TapRight.UNKNOWN
        if may:
            return TapRight.MAY
        return TapRight.REFUSED if ago < REFUSED_SECONDS else TapRight.LAPSED

    def _is_crowded(self, press: Press) -> bool:
        asked, now = self._asked.get((press.chat_id, press.person.id), {}), anyio.current_time()
        return press.id not in asked and sum(now - at < PRESS_SECONDS for at in asked.values()) >= MOST_ASKED

    def _keep(self, press: Press, row: Item | None, *, may: bool) -> None:
        self._answered(press)
        self.hear_of_chat(press.chat_id, restricted=row is None or row.restricted)
        if row is None or row.restricted:  # in an open chat no right is known: it may ask for roles soon
            _put(self._people, (press.chat_id, press.person.id), (may, anyio.current_time()))

    def _answered(self, press: Press) -> None:
        asked = self._asked.get((press.chat_id, press.person.id), {})
        asked.pop(press.id, None)
        if not asked:
            self._asked.pop((press.chat_id, press.person.id), None)


def _put(memory: OrderedDict[K, V], key: K, value: V, most: int = MOST_PEOPLE) -> None:
    """Remember it, in the place of what was heard of least lately."""
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > most:
        memory.popitem(last=False)
