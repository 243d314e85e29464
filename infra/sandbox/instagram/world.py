"""The state of the fake Instagram: pure, told the time in seconds by its caller."""

from __future__ import annotations

from collections import Counter
from random import Random

from infra.sandbox.common.journal import Journal
from infra.sandbox.instagram.model import (
    FACEBOOK,
    TOKEN_STARTS,
    Fetched,
    InstagramAccount,
    LiveStory,
    MediaContainer,
    SandboxLogin,
    media_of,
)
from infra.sandbox.instagram.rules import GraphRefusal, InstagramRules, unknown
from infra.sandbox.telegram.rules import StageError

FIRST_ACCOUNT = 17_841_400_000_000_001
FIRST_CONTAINER = 17_900_000_000_000_001
FIRST_STORY = 18_000_000_000_000_001
CONTAINER_WORDS = {
    "EXPIRED": "Expired: The container was not published within 24 hours and has expired",
    "FINISHED": "Finished: Media has been uploaded and it is ready to be published",
    "IN_PROGRESS": "In Progress: Media is still being processed",
    "PUBLISHED": "Published: Media has been successfully published",
}


class InstagramWorld:
    """Accounts, containers and stories, under Instagram's rules."""

    def __init__(self, journal: Journal, rules: InstagramRules | None = None, random: Random | None = None) -> None:
        self.rules = rules or InstagramRules()
        self._random = random or Random(1)
        self._links: Counter[str] = Counter()
        self._refused_links: dict[str, float] = {}
        self.accounts: dict[str, InstagramAccount] = {}
        self.containers: dict[str, MediaContainer] = {}
        self.stories: dict[str, LiveStory] = {}
        self._journal = journal

    def create_account(self, username: str, now: float, login: str = FACEBOOK) -> InstagramAccount:
        """Make an account with a good token."""
        if login not in TOKEN_STARTS:
            raise StageError(f"An account is connected by facebook or instagram, not {login!r}.")
        account = InstagramAccount(str(FIRST_ACCOUNT + len(self.accounts)), username, login)
        account.add_login(now + self.rules.token_lifetime_seconds)
        self.accounts[account.id] = account
        return account

    def sign_in(self, token: str, now: float) -> InstagramAccount:
        """Return whose token it is; raises the 190 of one that is unknown or expired."""
        account, login = self.find_login(token)
        if now >= login.expires_at:
            raise GraphRefusal(190, 463)
        return account

    def find_login(self, token: str) -> tuple[InstagramAccount, SandboxLogin]:
        """Return a token, good or expired, and its account; raises the 190 of an unknown one."""
        for account in self.accounts.values():
            for login in account.logins:
                if login.token == token:
                    return account, login
        raise GraphRefusal(190)

    def renew(self, account: InstagramAccount, now: float) -> SandboxLogin:
        """Give a new token for an account; the present one stays good."""
        login = account.add_login(now + self.rules.token_lifetime_seconds)
        self._journal.record(now, "instagram.renewed", account_id=account.id)
        return login

    def expire_tokens(self, account_id: str, in_seconds: float, now: float) -> None:
        """Have every token of an account die that soon."""
        for login in self._account(account_id).logins:
            login.expires_at = now + in_seconds
        self._journal.record(now, "instagram.expiring", account_id=account_id, in_seconds=in_seconds)

    def create_container(self, account: InstagramAccount, kind: str, url: str, now: float) -> MediaContainer:
        """Make a container for the file at a link, which is still to be fetched."""
        number = str(FIRST_CONTAINER + 7 * len(self.containers))
        self.containers[number] = container = MediaContainer(number, account.id, kind, media_of(url), now)
        self._journal.record(now, "instagram.container", container_id=number, media=container.media)
        return container

    def fetched(self, container: MediaContainer, file: Fetched, now: float) -> None:
        """Keep the file; after the lag the container can be published."""
        same = (each.fetched for each in self.containers.values() if each.media == container.media)
        container.fetched = next((each for each in same if each == file), file)
        container.ready_at = container.publishable_at = now + self.rules.lag_seconds
        if self._random.random() < self.rules.unready_though_finished:
            container.publishable_at += self._random.uniform(*self.rules.unready_seconds)
        self._journal.record(now, "instagram.fetched", container_id=container.id, media=container.media)

    def reach(self, url: str, now: float) -> None:
        """Let the fetcher have a link; raises the 9004 that it gives for a while to some that are good, each by itself.

        The answer is remembered for the whole link. Another one of the same file is another one.
        """
        if url in self._refused_links:
            if now < self._refused_links[url]:
                raise GraphRefusal(9004, 2207052, url)
            return
        file = media_of(url)
        self._links[file] += 1
        rate = self.rules.first_links_refused if self._links[file] == 1 else self.rules.further_links_refused
        if self._random.random() < rate:
            self._refused_links[url] = now + self._random.uniform(*self.rules.link_remembered_seconds)
            raise GraphRefusal(9004, 2207052, url)

    def not_fetched(self, container: MediaContainer, refusal: GraphRefusal, now: float) -> None:
        """Give a container up."""
        container.failure = refusal.subcode or refusal.code
        self._journal.record(now, "instagram.not_fetched", container_id=container.id, code=container.failure)

    def state(self, container: MediaContainer, now: float) -> str:
        """Return the status_code of a container."""
        return container.state(now, self.rules.container_lifetime_seconds)

    def words(self, container: MediaContainer, now: float) -> str:
        """Return the status of a container."""
        failed = f"Error: Media upload has failed with error code {container.failure}"
        return CONTAINER_WORDS.get(self.state(container, now), failed)

    def may_read(self, token: str, node: str) -> None:
        """Raise what a page's own token is told of whatever it has made: that it does not exist, or may not be seen."""
        if self.find_login(token)[1].is_of_page:
            raise unknown(node)

    def container_of(self, account: InstagramAccount, container_id: str) -> MediaContainer:
        """Find a container that this account may see."""
        container = self.containers.get(container_id)
        if container is None or container.account_id != account.id:
            raise unknown(container_id)
        return container

    def story_of(self, account: InstagramAccount, story_id: str) -> LiveStory:
        """Find a story of this account."""
        story = self.stories.get(story_id)
        if story is None or story.account_id != account.id:
            raise unknown(story_id)
        return story

    def publish(self, account: InstagramAccount, container_id: str, now: float) -> LiveStory:
        """Make a story of a container; raises what Instagram says to one that cannot be published."""
        container = self.containers.get(container_id)
        if container is None or container.account_id != account.id:
            raise GraphRefusal(24, 2207006, container_id)
        state = self.state(container, now)
        if account.is_blocked:
            raise GraphRefusal(4, 2207051)
        self._require_publishable(container, state, now)
        if self.used(account, now) >= self.rules.quota_total:
            raise GraphRefusal(9, 2207042)
        number = str(FIRST_STORY + 11 * len(self.stories))
        story = LiveStory(number, container.id, account.id, container.media, container.kind, now, container.labels)
        container.stories.append(story)
        self.stories[number] = story
        place = {"account_id": account.id, "container_id": container.id, "story_id": number}
        self._journal.record(now, "instagram.published", second=state == "PUBLISHED", **place)
        return story

    def used(self, account: InstagramAccount, now: float, since: float | None = None) -> int:
        """Count the publishes of the last 24 hours, or since a moment."""
        start = now - self.rules.quota_seconds if since is None else since
        return sum(1 for story in self.stories.values() if story.account_id == account.id and story.at >= start)

    def live(self, now: float, account_id: str | None = None) -> list[LiveStory]:
        """Return the stories that followers see now, the oldest first."""
        start = now - self.rules.story_lifetime_seconds
        live = [story for story in self.stories.values() if story.at > start]
        return [story for story in live if account_id in (None, story.account_id)]

    def _account(self, account_id: str) -> InstagramAccount:
        if account_id not in self.accounts:
            raise StageError(f"There is no account {account_id}.")
        return self.accounts[account_id]

    def _require_publishable(self, container: MediaContainer, state: str, now: float) -> None:
        match state:
            case "FINISHED" if now < container.publishable_at:
                raise GraphRefusal(9007, 2207027)
            case "PUBLISHED" if not self.rules.accepts_second_publish:
                raise GraphRefusal(24, 2207006, container.id)
            case "IN_PROGRESS":
                raise GraphRefusal(9007, 2207027)
            case "EXPIRED":
                raise GraphRefusal(-2, 2207020)
            case "ERROR":
                raise GraphRefusal(-1, 2207032)
