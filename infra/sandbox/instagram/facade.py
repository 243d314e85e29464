"""The sandbox's Instagram as a Python object: everything its control API can do, without HTTP."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from infra.sandbox.common.faults import Fault, Faults
from infra.sandbox.common.journal import Journal
from infra.sandbox.instagram.api import GraphApi
from infra.sandbox.instagram.model import FACEBOOK, GraphJson, InstagramAccount, LiveStory
from infra.sandbox.instagram.world import InstagramWorld

DEMO_ACCOUNT = "demo_studio"


@dataclass(frozen=True, slots=True)
class Billed:
    """An item whose story is expected at Instagram."""

    item_id: int
    title: str


class SandboxInstagram:
    """A local Instagram with one connected account, its faults and its rules."""

    def __init__(self, clock: Callable[[], float], journal: Journal, seed: int) -> None:
        self.world = InstagramWorld(journal, random=Random(seed))
        self.faults = Faults(Random(seed))
        self.api = GraphApi(self.world, self.faults, clock)
        self.playbill: defaultdict[str, list[Billed]] = defaultdict(list)
        self.claims: dict[str, int] = {}
        self.account = self.world.create_account(DEMO_ACCOUNT, clock())
        self._clock = clock
        self._journal = journal

    def create_account(self, username: str, login: str = FACEBOOK) -> InstagramAccount:
        """Make an account more, connected by `facebook` or `instagram`."""
        account = self.world.create_account(username, self._clock(), login)
        self._journal.record(self._clock(), "instagram.connected", account_id=account.id, username=username)
        return account

    def expire_tokens(self, account_id: str, in_seconds: float = 0) -> None:
        """Have every token of an account die that soon."""
        self.world.expire_tokens(account_id, in_seconds, self._clock())

    def renew(self, account: InstagramAccount) -> None:
        """Give a new token for an account, as its owner does who connects it again."""
        self.world.renew(account, self._clock())

    def give_page_token(self, account: InstagramAccount) -> str:
        """Give the account the token of its page, in the place of a person's."""
        return account.add_login(account.expires_at, is_of_page=True).token

    def block(self, account: InstagramAccount, *, blocked: bool = True) -> None:
        """Take an account for spam, or no longer."""
        account.is_blocked = blocked
        self._journal.record(self._clock(), "instagram.blocked", account_id=account.id, blocked=blocked)

    def set_rules(self, **changes: Any) -> None:
        """Change figures of `InstagramRules` by name."""
        self.world.rules = replace(self.world.rules, **changes)
        self._journal.record(self._clock(), "instagram.rules", **changes)

    @contextmanager
    def ruled(self, **changes: Any) -> Iterator[None]:
        """Change figures for as long as this lasts."""
        before = {name: getattr(self.world.rules, name) for name in changes}
        self.set_rules(**changes)
        try:
            yield
        finally:
            self.set_rules(**before)

    def bill(self, media: str, item_id: int, title: str) -> None:
        """Tell which item a file belongs to; `media` is the file's name up to the first dot."""
        self.playbill[media].append(Billed(item_id, title))

    def claim(self, container_id: str, item_id: int) -> None:
        """Tell for which item a container was made."""
        if self.claims.get(container_id) != item_id:
            self.claims[container_id] = item_id
            self._journal.record(self._clock(), "instagram.claimed", container_id=container_id, item_id=item_id)

    def set_fault(self, fault: Fault) -> int:
        """Switch a fault on and return its number; its methods are the names in `calls.CALLS`."""
        now = self._clock()
        number = self.faults.set(fault, now)
        self._journal.record(now, "instagram.fault.set", number=number, fault=fault.kind.value)
        return number

    def clear_faults(self, number: int | None = None) -> None:
        """Switch one fault off, or all, and let go of the calls that hang."""
        self.faults.clear(number)
        self.api.injector.wake()
        self._journal.record(self._clock(), "instagram.fault.cleared", number=number)

    def live(self, account_id: str | None = None) -> list[LiveStory]:
        """Return the stories that followers see now, the oldest first."""
        return self.world.live(self._clock(), account_id)

    def doubles(self) -> list[LiveStory]:
        """Return every story too many: the second of a container or an item, or more of a file than it has items."""
        counts: Counter[object] = Counter()
        doubles: list[LiveStory] = []
        for story in self.world.stories.values():
            owner, allowed = self._owner(story)
            counts.update((story.container_id, owner))
            if counts[story.container_id] > 1 or counts[owner] > allowed:
                doubles.append(story)
        return doubles

    def item_of(self, story: LiveStory) -> Billed | None:
        """Return the item of a story: the one that claimed its container, else the last one billed with its file."""
        billed = self.playbill.get(story.media, [])
        item_id = self.claims.get(story.container_id)
        if item_id is None:
            return billed[-1] if billed else None
        return next((each for each in billed if each.item_id == item_id), Billed(item_id, f"Item {item_id}"))

    def _owner(self, story: LiveStory) -> tuple[object, int]:
        """Return whose story it is, as exactly as it is known, and how many stories that may have."""
        item_id = self.claims.get(story.container_id)
        if item_id is not None:
            return item_id, 1
        return (story.account_id, story.media), max(1, len(self.playbill.get(story.media, ())))

    def stats(self) -> GraphJson:
        """Count calls by name, refusals by code, and what came of it all."""
        return {
            "calls": dict(self.api.calls),
            "refusals": dict(self.api.refusals),
            "containers": len(self.world.containers),
            "stories": len(self.world.stories),
            "doubles": len(self.doubles()),
        }

    def close(self) -> None:
        """Let go of every call that waits."""
        self.api.close()
