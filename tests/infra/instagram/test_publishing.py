"""A story on its way to the sandbox's Instagram, call by call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.account import Account, ContainerState, DoubtHints, Login, Quota, StoryInsights
from actors.domain.item import MediaKind
from actors.errors import AnswerLost, DoubtfulRefusal, Refused, TokenGone, Unreachable
from infra.instagram.graph import GraphInstagram
from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.instagram import faults
from infra.sandbox.sandbox import Sandbox
from tests.infra.instagram.accounts import account_of, story
from tests.infra.sandbox.graph import Shelf, jpeg


@pytest.fixture
def studio(sandbox: Sandbox) -> Account:
    return account_of(sandbox.instagram.account)


@pytest.fixture
async def container_id(instagram: GraphInstagram, shelf: Shelf, studio: Account) -> str:
    shelf.put("a.jpg", jpeg())
    return await instagram.create_container(studio, story(), "1")


@pytest.mark.parametrize("login", list(Login))
async def test_picture_becomes_a_story(instagram: GraphInstagram, sandbox: Sandbox, shelf: Shelf, login: Login) -> None:
    owner = account_of(sandbox.instagram.create_account("bakery", login.value))
    shelf.put("a.jpg", jpeg())

    made = await instagram.create_container(owner, story(), "1")
    ready = await instagram.container(owner, made)
    media_id = await instagram.publish(owner, made)
    done = await instagram.container(owner, made)

    assert (ready.state, done.state) == (ContainerState.FINISHED, ContainerState.PUBLISHED)
    assert [live.id for live in sandbox.instagram.live(owner.ig_user_id)] == [media_id]
    assert await instagram.permalink(owner, media_id) == sandbox.instagram.live()[0].permalink


@pytest.mark.parametrize("kind", list(MediaKind))
@pytest.mark.parametrize(("mentions", "made_by_ai"), [((), False), (("bakery.anna", "ben_1"), False), ((), True)])
async def test_row_40_and_43_mentions_and_the_label_reach_the_story(
    instagram: GraphInstagram,
    sandbox: Sandbox,
    shelf: Shelf,
    studio: Account,
    kind: MediaKind,
    mentions: tuple[str, ...],
    made_by_ai: bool,
) -> None:
    """A place is optional in stories since 9 July 2025, the label is there since 22 June 2026: IG User media."""
    shelf.put(
        "a.jpg",
        jpeg() if kind is MediaKind.PHOTO else b"\0\0\0\x18ftypmp42",
        "image/jpeg" if kind is MediaKind.PHOTO else "video/mp4",
    )
    labelled = replace(story(kind=kind), mentions=mentions, made_by_ai=made_by_ai)

    made = await instagram.create_container(studio, labelled, "1")
    found = sandbox.instagram.world.containers[made].labels

    assert (found.mentions, found.made_by_ai) == (mentions, made_by_ai)


async def test_story_tells_how_it_is_seen_and_no_reply_is_not_told(
    instagram: GraphInstagram, studio: Account, container_id: str
) -> None:
    """Accounts of Europe and Japan are told 0 replies, whatever came: reference of Instagram Media Insights."""
    media_id = await instagram.publish(studio, container_id)

    assert await instagram.insights(studio, media_id) == StoryInsights(views=1204, people=980, replies=None, exits=31)


async def test_story_that_is_over_tells_nothing(
    instagram: GraphInstagram, sandbox: Sandbox, studio: Account, container_id: str
) -> None:
    """Story metrics are there for 24 hours; then the answer is an empty set."""
    media_id = await instagram.publish(studio, container_id)
    sandbox.instagram.set_rules(story_lifetime_seconds=0.0)

    assert await instagram.insights(studio, media_id) == StoryInsights()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"is_seen_by_few": True}, "Too few people saw this story"),
        ({"may_read_insights": False}, "the right instagram_manage_insights"),
    ],
)
async def test_why_it_is_not_told_how_a_story_is_seen_is_said(
    instagram: GraphInstagram,
    sandbox: Sandbox,
    studio: Account,
    container_id: str,
    changes: dict[str, bool],
    words: str,
) -> None:
    media_id = await instagram.publish(studio, container_id)
    for name, value in changes.items():
        setattr(sandbox.instagram.account, name, value)

    with pytest.raises(Refused, match=words):
        await instagram.insights(studio, media_id)


async def test_video_is_fetched_by_its_own_link(
    instagram: GraphInstagram, sandbox: Sandbox, shelf: Shelf, studio: Account
) -> None:
    shelf.put("a.mp4", b"\0\0\0\x18ftypmp42", "video/mp4")

    made = await instagram.create_container(studio, story("a.mp4", MediaKind.VIDEO), "1")

    assert sandbox.instagram.world.containers[made].kind == "video"


async def test_file_that_is_not_there_is_told_in_plain_words(instagram: GraphInstagram, studio: Account) -> None:
    with pytest.raises(Unreachable, match="could not fetch the file") as caught:
        await instagram.create_container(studio, story("gone.jpg"), "1")

    assert "http" not in str(caught.value)


async def test_row_1_each_try_has_a_link_of_its_own(
    instagram: GraphInstagram, sandbox: Sandbox, shelf: Shelf, studio: Account
) -> None:
    """A link that was refused is "remembered 30-120 s"; "a URL that Meta never saw is accepted at once"."""
    sandbox.instagram.set_rules(first_links_refused=1.0, link_remembered_seconds=(3600, 3600))
    shelf.put("a.jpg", jpeg())
    for _ in range(2):
        with pytest.raises(Unreachable):
            await instagram.create_container(studio, story(), "1.7.1.1.1")

    made = await instagram.create_container(studio, story(), "1.7.1.1.2")

    assert (await instagram.container(studio, made)).state is ContainerState.FINISHED


async def test_row_3_container_that_is_not_ready_though_finished_is_a_plain_no(
    instagram: GraphInstagram, sandbox: Sandbox, shelf: Shelf, studio: Account
) -> None:
    """9007/2207027 "comes also after FINISHED"."""
    sandbox.instagram.set_rules(unready_though_finished=1.0, unready_seconds=(3600, 3600))
    shelf.put("a.jpg", jpeg())
    made = await instagram.create_container(studio, story(), "1")

    seen = await instagram.container(studio, made)
    with pytest.raises(Unreachable):
        await instagram.publish(studio, made)

    assert seen.state is ContainerState.FINISHED
    assert sandbox.instagram.live() == []


async def test_row_8_account_that_is_taken_for_spam_is_refused_in_words_that_prove_nothing(
    instagram: GraphInstagram, sandbox: Sandbox, studio: Account, container_id: str
) -> None:
    sandbox.instagram.block(sandbox.instagram.account)

    with pytest.raises(DoubtfulRefusal, match="took this for spam"):
        await instagram.publish(studio, container_id)


async def test_picture_of_a_wrong_shape_is_refused_in_plain_words(
    instagram: GraphInstagram, shelf: Shelf, studio: Account
) -> None:
    shelf.put("a.jpg", jpeg(400, 100))

    with pytest.raises(Refused, match="shape does not fit"):
        await instagram.create_container(studio, story(), "1")


async def test_container_in_error_says_why(instagram: GraphInstagram, sandbox: Sandbox, studio: Account) -> None:
    with pytest.raises(Unreachable):
        await instagram.create_container(studio, story("gone.jpg"), "1")

    found = await instagram.container(studio, next(iter(sandbox.instagram.world.containers)))

    assert found.state is ContainerState.ERROR
    assert "could not fetch the file" in (found.sentence or "")


async def test_container_that_cannot_be_read_is_refused(
    instagram: GraphInstagram, sandbox: Sandbox, studio: Account, container_id: str
) -> None:
    sandbox.instagram.set_fault(faults.UNREADABLE)

    with pytest.raises(Refused):
        await instagram.container(studio, container_id)


@pytest.mark.parametrize(("fault", "stories"), [(faults.LOST_BEFORE, 0), (faults.LOST_AFTER, 1)])
async def test_publish_whose_answer_is_lost_may_have_happened(
    instagram: GraphInstagram, sandbox: Sandbox, studio: Account, container_id: str, fault: Fault, stories: int
) -> None:
    sandbox.instagram.set_fault(fault)

    with pytest.raises(AnswerLost):
        await instagram.publish(studio, container_id)

    assert len(sandbox.instagram.live()) == stories


async def test_error_that_came_although_the_story_is_live_is_a_lost_answer(
    instagram: GraphInstagram, sandbox: Sandbox, studio: Account, container_id: str
) -> None:
    sandbox.instagram.set_fault(faults.ERROR_THOUGH_PUBLISHED)

    with pytest.raises(AnswerLost):
        await instagram.publish(studio, container_id)

    assert (await instagram.container(studio, container_id)).state is ContainerState.PUBLISHED


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.DAILY_LIMIT, Refused),
        (faults.TOKEN_EXPIRED, TokenGone),
        (faults.THROTTLED_APP, AnswerLost),
        (Fault(FaultKind.GRAPH_ERROR, "publish", code=9007, subcode=2207027), Unreachable),
        (Fault(FaultKind.SERVER_ERROR, "publish"), AnswerLost),
        (Fault(FaultKind.SERVER_ERROR_AFTER, "publish"), AnswerLost),
        (Fault(FaultKind.BROKEN_BODY, "publish"), AnswerLost),
    ],
)
async def test_publish_that_failed_says_what_is_certain(
    instagram: GraphInstagram,
    sandbox: Sandbox,
    studio: Account,
    container_id: str,
    fault: Fault,
    error: type[Exception],
) -> None:
    sandbox.instagram.set_fault(fault)

    with pytest.raises(error) as caught:
        await instagram.publish(studio, container_id)

    assert type(caught.value) is error


async def test_quota_is_read(instagram: GraphInstagram, sandbox: Sandbox, studio: Account, container_id: str) -> None:
    await instagram.publish(studio, container_id)

    assert await instagram.quota(studio) == Quota(1, sandbox.instagram.world.rules.quota_total)


async def test_hints_count_what_was_published_since(
    instagram: GraphInstagram, sandbox: Sandbox, studio: Account, container_id: str
) -> None:
    await instagram.publish(studio, container_id)
    at = datetime.fromtimestamp(sandbox.instagram.live()[0].at, UTC)

    assert await instagram.hints(studio, at - timedelta(seconds=60)) == DoubtHints(1, 1)
    assert await instagram.hints(studio, at + timedelta(seconds=60)) == DoubtHints(0, 1)


async def test_hints_that_cannot_be_read_are_left_out(
    instagram: GraphInstagram, sandbox: Sandbox, studio: Account, before: datetime
) -> None:
    sandbox.instagram.set_fault(Fault(FaultKind.SERVER_ERROR, "quota"))
    sandbox.instagram.set_fault(Fault(FaultKind.GRAPH_ERROR, "stories", code=10))

    assert await instagram.hints(studio, before) == DoubtHints()


@pytest.mark.parametrize("call", ["quota", "stories"])
async def test_hints_tell_that_the_token_is_gone(
    instagram: GraphInstagram, sandbox: Sandbox, studio: Account, before: datetime, call: str
) -> None:
    sandbox.instagram.set_fault(Fault(FaultKind.GRAPH_ERROR, call, code=190, subcode=463))

    with pytest.raises(TokenGone):
        await instagram.hints(studio, before)
