"""What a card shows: caption (HTML) and buttons, drawn from a Face. Pure.

A caption is a head (title, account, slot), the story's caption to copy, a tail (note, outcome, late taps), and behind
an invisible mark the line that was added last. If all of it is too long, the story's caption is cut first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape

from actors.cards import texts
from actors.domain.item import Action, Item, State, Story
from actors.domain.publish_phase import CANCELLABLE
from actors.domain.taps import Question
from actors.item.texts import BUTTON
from actors.ports import Face
from infra.telegram.callback_data import ButtonVerb, Meaning, encode
from infra.telegram.caption_lines import NOTE_ROOM, late_lines, outcome, slot, waiting
from infra.telegram.caption_text import (
    LEFT_TO_RIGHT,
    LINE_MARK,
    clip,
    isolated,
    one_line,
    units,
    visible,
    visible_units,
    whole_text,
)
from infra.telegram.received_caption import seen_html

LONGEST_CAPTION = 1024  # UTF-16 units after entity parsing, https://core.telegram.org/bots/api#sendphoto
TITLE_ROOM = 100
ACCOUNT_ROOM = 64
MENTIONS_ROOM = 160
LINE_ROOM = 220  # a name of 64 characters with 75 of ours; kept free in every drawn card
SHORTEST_COPY = 40

INSTAGRAM = "https://www.instagram.com/"
COPY = re.compile(r"(?P<head>.*?)<code>(?P<copy>.*)</code>(?P<tail>.*)", re.DOTALL)

# A card whose sending was taken for failed may be there all the same, while its item waits to be sent again.
OPEN = frozenset({State.WAITING, State.PRESENTING, State.IN_REVIEW, State.PUBLISHING})
SURE = {Action.IT_IS_LIVE: ButtonVerb.CONFIRM_LIVE, Action.IT_IS_NOT: ButtonVerb.CONFIRM_NOT_LIVE}


@dataclass(frozen=True, slots=True)
class Button:
    """One button: `target` is callback data, or the address that it opens."""

    text: str
    target: str

    @property
    def is_link(self) -> bool:
        """Say whether it opens an address."""
        return self.target.startswith("https://")


ButtonRows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class _Body:
    head: str
    copy: str
    tail: str


def first_face(row: Item) -> Face:
    """The face of a card that is not in the chat yet."""
    return Face(row.chat_id, 0, row.id, row.version, row=row)


def caption(face: Face) -> str:
    """Draw the caption; never longer than Telegram allows."""
    body = _read(without_line(seen_html(face.seen or ""))) if face.row is None else _draw(face.row, face.retired)
    line = clip(one_line(face.line or ""), LINE_ROOM)
    # The line holds a name: without the mark for its direction, a right-to-left one would turn all of it round.
    return _fit(body, f"{LINE_MARK}{LEFT_TO_RIGHT}{escape(line)}" if line else "")


def without_line(seen: str) -> str:
    """Return a caption without the line that we added to it."""
    return seen.partition(LINE_MARK)[0].rstrip()


def keyboard(face: Face) -> ButtonRows:
    """Draw the buttons; the standard ones for an item that is not loaded."""
    if face.retired:
        return ()
    row = face.row
    item = _Buttons(face.item_id, face.version, face.mark) if row is None else _Buttons(row.id, row.version, row.mark)
    in_doubt = face.in_doubt if row is None else row.state is State.IN_DOUBT
    if in_doubt:
        return (*item.doubtful_question(face.asking), item.doubt, item.looking)
    if row is not None and row.phase is not None:
        # A publish can be cancelled until its call is marked; then there is nothing to decide.
        cancel = (*item.question(face.asking), *item.cancelling) if row.phase in CANCELLABLE else ()
        return (*cancel, item.looking)
    if row is not None and row.state not in OPEN:
        return _seeing(row)
    return (*item.question(face.asking), item.publishing, *item.cancelling, item.looking)


def _seeing(row: Item) -> ButtonRows:
    """A settled card has nothing to decide; a published story can be seen until Instagram takes it down."""
    story = Button(texts.SEE_STORY, row.permalink or "")
    return ((story,),) if story.is_link else ()


@dataclass(frozen=True, slots=True)
class _Buttons:
    """The rows of buttons of one item at one version."""

    item_id: int
    version: int
    mark: str | None

    @property
    def publishing(self) -> tuple[Button, ...]:
        return (self._button(BUTTON[Action.AUTO_POST], ButtonVerb.AUTO_POST),)

    @property
    def cancelling(self) -> ButtonRows:
        return (
            (
                self._button(BUTTON[Action.POSTED], ButtonVerb.POSTED),
                self._button(BUTTON[Action.SKIP], ButtonVerb.SKIP),
            ),
            (self._button(BUTTON[Action.REJECT], ButtonVerb.REJECT),),
        )

    @property
    def doubt(self) -> tuple[Button, ...]:
        return (
            self._button(BUTTON[Action.IT_IS_LIVE], ButtonVerb.LIVE),
            self._button(BUTTON[Action.IT_IS_NOT], ButtonVerb.NOT_LIVE),
        )

    @property
    def looking(self) -> tuple[Button, ...]:
        return Button(texts.OPEN_INSTAGRAM, INSTAGRAM), self._button(texts.ORIGINAL, ButtonVerb.ORIGINAL)

    def question(self, asking: Question | None) -> ButtonRows:
        if asking is None or asking.action is not Action.REJECT:
            return ()
        yes = self._button(texts.YES[Action.REJECT], ButtonVerb.CONFIRM_REJECT)
        return ((yes, self._button(texts.KEEP_IT, ButtonVerb.KEEP_IT)),)

    def doubtful_question(self, asking: Question | None) -> ButtonRows:
        if asking is None or asking.action not in SURE:
            return ()
        yes = self._button(texts.YES[asking.action], SURE[asking.action], asking.person_id)
        return ((yes, self._button(texts.LEAVE_IT, ButtonVerb.LEAVE_IT)),)

    def _button(self, text: str, verb: ButtonVerb, person_id: int = 0) -> Button:
        return Button(text, encode(Meaning(verb, self.item_id, self.version, self.mark, person_id)))


def _draw(row: Item, retired: bool) -> _Body:
    account = f"{texts.account(isolated(row.account.lstrip('@'), ACCOUNT_ROOM))}\n" if row.account else ""
    title = isolated(one_line(row.story.title) or row.story.file_name, TITLE_ROOM)
    head = f"<b>{title}</b>\n{account}{_labels(row.story)}{slot(row)}\n{texts.LIVE if row.live else texts.DRY_RUN}"
    if retired:
        return _Body(head, row.story.caption, texts.RETIRED)
    if row.live and row.preflight is not None:
        head += f"\n{escape(clip(one_line(row.preflight), NOTE_ROOM))}"
    note = escape(clip(one_line(row.note or ""), NOTE_ROOM))
    settled = [line for line in (note, waiting(row), outcome(row)) if line]
    room = LONGEST_CAPTION - LINE_ROOM - SHORTEST_COPY - visible_units("\n".join([head, *settled]))
    return _Body(head, row.story.caption, "\n".join([*settled, *late_lines(row, room)]))


def _labels(story: Story) -> str:
    """What Instagram is told beside the file, and what a person who posts by hand has to add."""
    names = texts.mentions(clip(", ".join(story.mentions), MENTIONS_ROOM)) if story.mentions else ""
    return "".join(f"{escape(line)}\n" for line in (names, texts.MADE_BY_AI if story.made_by_ai else "") if line)


def _read(seen: str) -> _Body:
    """Take a caption of ours apart again, so that there is always something to cut."""
    found = COPY.fullmatch(seen)
    if found is None:
        return _Body(seen, "", "")
    return _Body(found["head"].strip(), unescape(found["copy"]), found["tail"].strip())


def _fit(body: _Body, line: str) -> str:
    room = LONGEST_CAPTION - visible_units(f"{body.head}\n\n{body.tail}\n\n{line}\n")
    copy = _shorten(whole_text(body.copy), room) if room >= SHORTEST_COPY else ""
    shown = f"<code>{escape(copy)}</code>" if copy else ""
    card = "\n\n".join(part for part in (body.head, shown, body.tail) if part)
    if visible_units(card) + visible_units(line) + 1 > LONGEST_CAPTION:
        card = escape(clip(visible(card), LONGEST_CAPTION - visible_units(line) - 1))
    return "\n".join(part for part in (card, line) if part)


def _shorten(copy: str, room: int) -> str:
    """Cut the story's caption, which may have been cut before."""
    return copy if units(copy) <= room else clip(copy.removesuffix(texts.CUT), room - units(texts.CUT), "") + texts.CUT
