"""What people write: a command is done only if it is for us."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from actors.commands.parsing import OLD_SECONDS, addressee
from actors.domain.updates import Said
from actors.operations.commands import PauseChat, PresentNext, RequeueItem
from actors.operations.operation import Operation
from tests.simulation.telegram import OWN_NAME

Place: TypeAlias = tuple[int, int]  # the chat and the message


@dataclass
class Commands:
    """Looks at what commands ask of the database; `broken` notes what must not be."""

    broken: Callable[[str, str], None]
    _written: dict[Place, Said] = field(default_factory=dict)

    def wrote(self, said: Said) -> None:
        """Somebody wrote this."""
        self._written[said.chat_id, said.message_id] = said

    def committed(self, operation: Operation[Any]) -> None:
        """An operation was answered: if it changes what a command asks for, the command was for us."""
        if not isinstance(operation, PresentNext | PauseChat | RequeueItem):
            return
        said = self._written[operation.key.chat_id, operation.key.message_id]
        if addressee(said.text) not in {None, OWN_NAME}:
            self.broken("a command for another bot is not obeyed", f"{said.text} of {said.person.name} was done")
        if (said.age_seconds or 0.0) > OLD_SECONDS:
            self.broken("an old command is not done", f"{said.text} of {said.age_seconds} s ago was done")
