"""What a worker is in the middle of when something breaks, and what has to be true in the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
from PIL import Image

from infra.postgres.connect import DatabaseAddress
from infra.sandbox.demo.wiring import open_fixtures
from infra.sandbox.telegram.world import ButtonTap
from infra.vault import Vault, new_key
from tests.crowd import Shown, put_in_review, tap_all
from tests.stage import CHAT, Stage

SOON = "update items set due_at = now() + interval '2 seconds'"  # time enough for the statements that begin it
NOTIFY = "select pg_notify('everytap', '')"
FILE = "update media set path = $1, file_name = $2, sha256 = $3, bytes = $4"
TRUTH_SECONDS = 90.0  # design: after all faults end, cards tell the truth within so long
PUBLISH_SECONDS = 150.0  # design: and publishes are decided


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong in the end, if anything; `lost` and `doubled` say what became of the effect."""

    wrong: str | None = None
    lost: bool = False
    doubled: bool = False


@dataclass
class Scene(ABC):
    """One life: of a tap, of a card, of a publish.

    `name` is the stage of its results. `truth_seconds`: how long it may take until the chat tells the truth. `marks`:
    moments at which something was committed and the worker may not know, each with what rows say from then on.
    `environment`: what its workers have to know besides. `taps` have to be answered, and explained by one line each.
    """

    name: str
    marks: Mapping[str, str]
    truth_seconds: float = TRUTH_SECONDS
    environment: Mapping[str, str] = field(default_factory=dict)
    taps: list[str] = field(default_factory=list)
    card: Shown | None = None

    @property
    def shown(self) -> Shown:
        """The card that is tapped."""
        assert self.card is not None, "a scene is prepared before it is played"
        return self.card

    @abstractmethod
    async def prepare(self, stage: Stage, home: Path) -> None:
        """Set it, before any worker is there; `home` is the folder of all of them."""

    @abstractmethod
    async def begin(self, stage: Stage) -> None:
        """Let it happen."""

    @abstractmethod
    def is_told(self, stage: Stage) -> bool:
        """Say whether the chat shows how it ended."""

    @abstractmethod
    async def verdict(self, stage: Stage) -> Verdict:
        """Compare the rows with what happened."""


class TapScene(Scene):
    """Somebody taps Skip."""

    def __init__(self) -> None:
        super().__init__("tap", {"between commit and reply": "select state = 'skipped' from items"})

    async def prepare(self, stage: Stage, home: Path) -> None:
        """Show a card."""
        del home
        (self.card,) = await put_in_review(stage, 1)

    async def begin(self, stage: Stage) -> None:
        """Tap it."""
        self.taps += tap_all(stage, [self.shown])

    def is_told(self, stage: Stage) -> bool:
        """Read the card."""
        return _says(stage, self.shown, "Skipped by")

    async def verdict(self, stage: Stage) -> Verdict:
        """One decision, counted once."""
        events = await stage.events(self.shown.item_id)
        counted = await stage.database.fetchval("select sum(skipped) from members")
        if (events, counted) == ([("skip", "Person 0")], 1):
            return Verdict()
        return Verdict(f"decided {events}, counted {counted}", lost=not events, doubled=len(events) > 1)


class PresentScene(Scene):
    """A slot comes, and a card has to be sent."""

    def __init__(self) -> None:
        marks = {
            "between claim and reply": "select coalesce(bool_and(state <> 'waiting'), false) from items",
            "between saving the card and reply": "select coalesce(bool_and(state = 'in_review'), false) from items",
        }
        super().__init__("presentation", marks)

    async def prepare(self, stage: Stage, home: Path) -> None:
        """Make the group, and the file of the story."""
        folder = home / "media"
        folder.mkdir(exist_ok=True)
        (folder / "p").write_bytes(stage.picture)
        await stage.add_chat()

    async def begin(self, stage: Stage) -> None:
        """Queue a story that is due soon."""
        await stage.queue()
        await stage.database.execute(SOON)
        await stage.database.execute(NOTIFY)

    def is_told(self, stage: Stage) -> bool:
        """Look for a card with live buttons."""
        return any(message.content.buttons() for message in stage.messages(CHAT))

    async def verdict(self, stage: Stage) -> Verdict:
        """The item is in review; a send that nobody heard of may have left a second card, but no third one."""
        with anyio.move_on_after(self.truth_seconds) as patience:
            while await stage.database.fetchval("select state from items") != "in_review":  # noqa: ASYNC110 - unannounced
                await anyio.sleep(0.05)
        if patience.cancelled_caught:
            return Verdict("the item is not in review", lost=True)
        cards = len(stage.messages(CHAT))
        return Verdict() if cards <= 2 else Verdict(f"{cards} cards", doubled=True)


class PublishScene(Scene):
    """Somebody taps Auto Post, and the story has to go live; its workers have the key to the account's token."""

    def __init__(self) -> None:
        marks = {
            "between commit and reply": "select state = 'publishing' from items",
            "between marking the call and reply": "select coalesce(max(state) = 'publishing', false) from publishes",
            "between the outcome and reply": "select state = 'posted' from items",
        }
        self._key = new_key()
        super().__init__("publish", marks, PUBLISH_SECONDS, {"SECRET_KEYS": self._key})

    async def prepare(self, stage: Stage, home: Path) -> None:
        """Show a card in a chat that is live, of a story whose file Instagram can fetch."""
        self.card = shown = (await put_in_review(stage, 1))[0]
        # The first link is refused, as a quarter to a third are: always, since every run must pass the same points.
        stage.sandbox.instagram.set_rules(first_links_refused=1.0)
        picture = home / "story.png"
        Image.new("RGB", (90, 160), (200, 120, 90)).save(picture)
        async with open_fixtures(home, DatabaseAddress(stage.dsn)) as fixtures:
            stored = await fixtures.media.check_and_store(picture)
            await stage.database.execute(FILE, stored.path, stored.file_name, stored.sha256, stored.bytes)
            await fixtures.connect(Vault([self._key]).seal, shown.chat_id, stage.sandbox.instagram.account)

    async def begin(self, stage: Stage) -> None:
        """Tap it."""
        shown = self.shown
        button = f"auto_post:{shown.item_id}:0"
        self.taps.append(
            stage.sandbox.tap(ButtonTap(shown.chat_id, shown.message_id, shown.person.id, button, force=True))
        )

    def is_told(self, stage: Stage) -> bool:
        """Read the card."""
        return _says(stage, self.shown, "Posted via Instagram")

    async def verdict(self, stage: Stage) -> Verdict:
        """One story is live, and the rows say so."""
        live, doubles = len(stage.sandbox.instagram.live()), len(stage.sandbox.instagram.doubles())
        events = await stage.events(self.shown.item_id)
        if (live, doubles, events) == (1, 0, [("auto_post", "Person 0"), ("published", "Person 0")]):
            return Verdict()
        words = f"{live} live, {doubles} too many, decided {events}"
        return Verdict(words, lost=live == 0, doubled=live > 1 or doubles > 0)


SCENES: Final[Mapping[str, Callable[[], Scene]]] = {
    "tap": TapScene,
    "presentation": PresentScene,
    "publish": PublishScene,
}


def new_scene(name: str) -> Scene:
    """Make the scene of this name."""
    return SCENES[name]()


def _says(stage: Stage, card: Shown, words: str) -> bool:
    place = (card.message_id, card.chat_id)
    return words in stage.text(*place) and not stage.buttons(*place)
