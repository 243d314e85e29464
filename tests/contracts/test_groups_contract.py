"""What Telegram says of chats: in memory, and through the real adapter in the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import pytest

from actors.domain.group_ids import Group, GroupKind
from actors.errors import BotTokenRefused, ChatMoved, PortError, Refused, Unreachable
from actors.ports import Groups
from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.world import NewChat
from infra.telegram.groups import open_groups
from tests.fakes.groups import FakeGroups

ANNA = User(5, "Anna")
TEAM, SMALL = -1001000000001, -4000001


class Place(Protocol):
    """A Telegram with a team, a small group and Anna in it."""

    @property
    def groups(self) -> Groups:
        """The bot's view."""
        ...

    def throw_out(self) -> None:
        """Let the team throw the bot out."""
        ...

    def silence(self) -> None:
        """Let the team's members send no media, and make the bot a member like any other."""
        ...

    def move(self) -> None:
        """Let the small group become a supergroup."""
        ...

    def revoke(self) -> None:
        """Let the bot's token be revoked."""
        ...

    def cut(self) -> None:
        """Let nothing get through."""
        ...


class PaperPlace:
    """The fake."""

    def __init__(self) -> None:
        self.groups = FakeGroups(
            {
                TEAM: Group(GroupKind.SUPERGROUP, "Our team"),
                SMALL: Group(GroupKind.GROUP, "Small"),
                ANNA.id: Group(GroupKind.PRIVATE, "Anna"),
            }
        )

    def throw_out(self) -> None:
        self.groups.known[TEAM] = Group(GroupKind.GROUP, None, bot_is_in=False)

    def silence(self) -> None:
        self.groups.known[TEAM] = Group(GroupKind.SUPERGROUP, "Our team", may_send_pictures=False)

    def move(self) -> None:
        self.groups.moved[SMALL] = TEAM - 1

    def revoke(self) -> None:
        self.groups.error = BotTokenRefused("refused")

    def cut(self) -> None:
        self.groups.error = Unreachable("no network")


@dataclass
class SandboxPlace:
    """The real adapter before the sandbox."""

    sandbox: Sandbox
    groups: Groups

    def throw_out(self) -> None:
        self.sandbox.set_bot_membership(TEAM, ANNA.id, False)

    def silence(self) -> None:
        chat = self.sandbox.telegram.chats[TEAM]
        chat.bot_is_admin, chat.members_may_send_media = False, False

    def move(self) -> None:
        self.sandbox.telegram.chats[SMALL].moved_to = TEAM - 1

    def revoke(self) -> None:
        self.sandbox.set_fault(Fault(FaultKind.REVOKED))

    def cut(self) -> None:
        self.sandbox.set_fault(Fault(FaultKind.NETWORK_OFF))


@pytest.fixture(params=["paper", "sandbox"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """In memory, and then the sandbox's."""
    if request.param == "paper":
        yield PaperPlace()
        return
    async with open_sandbox(rules=Rules(limits=False)) as sandbox, open_groups(sandbox.token, sandbox.url) as groups:
        sandbox.create_chat(NewChat("Our team", [ANNA], id=TEAM))
        sandbox.create_chat(NewChat("Small", [ANNA], "group", SMALL))
        sandbox.create_chat(NewChat("", [ANNA], "private"))
        yield SandboxPlace(sandbox, groups)


async def test_group_has_its_kind_its_name_and_room_for_cards(place: Place) -> None:
    assert await place.groups.look_up(TEAM) == Group(GroupKind.SUPERGROUP, "Our team")
    assert await place.groups.look_up(SMALL) == Group(GroupKind.GROUP, "Small")


async def test_person_is_no_group(place: Place) -> None:
    assert await place.groups.look_up(ANNA.id) == Group(GroupKind.PRIVATE, "Anna")


@pytest.mark.parametrize("chat_id", [1001000000001, -1000000001, -100, 4711])
async def test_id_that_the_bot_does_not_know_leads_nowhere(place: Place, chat_id: int) -> None:
    assert await place.groups.look_up(chat_id) is None


async def test_group_that_threw_the_bot_out_says_no_more_than_that(place: Place) -> None:
    place.throw_out()

    assert await place.groups.look_up(TEAM) == Group(GroupKind.GROUP, None, bot_is_in=False)


async def test_group_in_which_the_bot_may_not_send_pictures_is_told(place: Place) -> None:
    place.silence()

    assert await place.groups.look_up(TEAM) == Group(GroupKind.SUPERGROUP, "Our team", may_send_pictures=False)


async def test_group_that_moved_names_its_new_id(place: Place) -> None:
    place.move()

    with pytest.raises(ChatMoved) as caught:
        await place.groups.look_up(SMALL)

    assert caught.value.chat_id == TEAM - 1


async def test_token_that_is_refused_says_so(place: Place) -> None:
    place.revoke()
    with pytest.raises(BotTokenRefused):
        await place.groups.look_up(TEAM)


async def test_network_that_is_away_is_a_failure_of_the_port(place: Place) -> None:
    place.cut()
    with pytest.raises(PortError) as caught:
        await place.groups.look_up(TEAM)

    assert not isinstance(caught.value, BotTokenRefused | Refused)


async def test_long_name_is_cut_to_sixty_units() -> None:
    async with open_sandbox(rules=Rules(limits=False)) as sandbox, open_groups(sandbox.token, sandbox.url) as groups:
        sandbox.create_chat(NewChat("x" * 90, [ANNA], id=TEAM))
        found = await groups.look_up(TEAM)

    assert found is not None
    assert found.name == "x" * 59 + "…"


async def test_administrator_may_send_what_members_may_not() -> None:
    async with open_sandbox(rules=Rules(limits=False)) as sandbox, open_groups(sandbox.token, sandbox.url) as groups:
        sandbox.create_chat(NewChat("Our team", [ANNA], id=TEAM))
        sandbox.telegram.chats[TEAM].members_may_send_media = False
        found = await groups.look_up(TEAM)

    assert found == Group(GroupKind.SUPERGROUP, "Our team")
