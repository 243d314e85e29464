"""The pieces of the page, rendered; names and texts are escaped by the templates."""

from __future__ import annotations

import math
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra.sandbox.demo.report import Figure, score
from infra.sandbox.demo.worker_processes import MOST_WORKERS
from infra.sandbox.page.gallery import Gallery, gallery
from infra.sandbox.page.look import face, look
from infra.sandbox.page.switches import SWITCHES, Switchboard, Where
from infra.sandbox.page.timeline import Chapter, Timeline
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import GroupChat, Json
from infra.sandbox.telegram.rules import StageError

TEMPLATES = Path(__file__).parent / "templates"


class PageRenderer:
    """Renders what is true now; hears the journal, so that the timeline is always as far as it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.timeline = Timeline(sandbox.telegram)
        self.switchboard = Switchboard(sandbox)
        self._heard = 0
        self._whole_since = 0.0
        loader = FileSystemLoader(TEMPLATES)
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        sandbox.telegram.journal.listeners.insert(0, self._hear)

    def page(self, chat_id: int | None) -> str:
        """Render the whole page for a chat, or for the first one that there is."""
        chat = self._chat(chat_id)
        telegram = self.sandbox.telegram
        return self._templates.get_template("page.html").render(
            chat=chat,
            people=[face(person) for person in chat.people.values()],
            messages=[look(chat, m, telegram.files) for m in chat.messages.values() if m.deleted_at is None],
            chapters=self.timeline.chapters()[::-1],
            commands=telegram.commands,
            number=telegram.journal.number,
            has_environment=self.sandbox.environment is not None,
            stage=self._stage(),
            gallery=self._gallery(),
            score=self._figures(),
        )

    def message(self, chat_id: int, number: int) -> Json:
        """Render one message; without `html` it is gone."""
        chat = self._chat(chat_id)
        message = chat.messages[number]
        if message.deleted_at is not None:
            return {"id": number, "html": ""}
        shown = look(chat, message, self.sandbox.telegram.files)
        return {"id": number, "html": self._part("message.html", message=shown)}

    def chapter(self, chapter: Chapter) -> Json:
        """Render one chapter of the log."""
        return {"key": chapter.key, "html": self._part("chapter.html", chapter=chapter)}

    def stage(self) -> str:
        """Render what runs and what is broken."""
        return self._part("stage.html", stage=self._stage())

    def instagram(self) -> str:
        """Render what is live on Instagram."""
        return self._part("instagram.html", gallery=self._gallery())

    def score(self) -> str:
        """Render what came of all taps so far."""
        return self._part("score.html", score=self._figures())

    def _figures(self) -> list[Figure]:
        sandbox = self.sandbox
        return score(sandbox.telegram, sandbox.instagram, self._whole_since, sandbox.clock()).figures()

    def _gallery(self) -> Gallery:
        return gallery(self.sandbox.instagram, self.sandbox.clock())

    def _stage(self) -> Json:
        environment = self.sandbox.environment
        members = list(environment.workers.members.values()) if environment else []
        return {
            "groups": {where: {n: s for n, s in SWITCHES.items() if s.where is where} for where in Where},
            "broken": self.switchboard.broken,
            "pressed": {broken.name: broken for broken in self.switchboard.broken},
            "runs": any(member.process for member in members),
            "now": self.sandbox.clock(),
            "members": members,
            "may_add": len(members) < MOST_WORKERS,
        }

    def _part(self, name: str, **parts: object) -> str:
        return self._templates.get_template(name).render(**parts)

    def _chat(self, chat_id: int | None) -> GroupChat:
        chats = self.sandbox.telegram.chats
        if chat_id is not None:
            return self.sandbox.telegram.chat_for_stage(chat_id)
        if not chats:
            raise StageError("There is no chat yet: make one with POST /sandbox/chats.")
        return next(iter(chats.values()))

    def _hear(self) -> None:
        journal = self.sandbox.telegram.journal
        entries, self._heard = journal.since(self._heard), journal.number
        for entry in entries:
            self.timeline.hear(entry)
            if not self.switchboard.is_whole():
                self._whole_since = math.inf
            elif self._whole_since == math.inf:
                self._whole_since = entry.at
