"""What a visitor of the demo's page sees and does."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from infra.sandbox.demo.environment import open_cards
from infra.sandbox.sandbox import Sandbox
from infra.telegram.callback_data import ButtonVerb, Meaning, encode


class Visitor:
    """Looks at one card: the newest one that waits for a decision."""

    def __init__(self, page: Page, sandbox: Sandbox) -> None:
        assert sandbox.environment is not None
        self.page = page
        self.card = page.locator("#none")
        self._sandbox = sandbox
        self._environment = sandbox.environment

    async def find_a_card(self) -> None:
        """Wait for a card and look at it."""
        await self._sandbox.until(lambda: bool(open_cards(self._environment.chat)), 30)
        await self.look_at(open_cards(self._environment.chat)[-1].id)

    async def ask_for_a_story(self) -> None:
        """Add a story and look at its card: now it is the newest one, whatever was on its way."""
        async with self.page.expect_response("**/page/story") as answered:
            await self.press("Add a story")
        answer = await (await answered.value).json()
        skip = encode(Meaning(ButtonVerb.SKIP, answer["item"], 0, "unread")).removesuffix("unread")
        card = self.page.locator(".message", has=self.page.locator(f"[data-tap^='{skip}']"))
        await self.look_at(int(await card.get_attribute("data-message") or 0))

    async def look_at(self, message_id: int) -> None:
        """Wait until the page shows this message."""
        self.card = self.page.locator(f"#message-{message_id}")
        await expect(self.card).to_be_visible()

    def button(self, name: str) -> Locator:
        """A button of the card."""
        return self.card.get_by_role("button", name=name, exact=True)

    async def tap(self, name: str) -> None:
        """Tap a button of the card."""
        await self.button(name).click()

    async def become(self, name: str) -> None:
        """Tap as somebody else from now on."""
        await self.page.locator(".person", has_text=name).click()

    async def press(self, name: str) -> None:
        """Press a button beside the phone."""
        await self.page.locator("#stage").get_by_role("button", name=name, exact=True).click()

    async def reads(self, words: str) -> None:
        """Wait until the card says these words; a name in it stands between marks of direction."""
        pattern = re.escape(words).replace(r"\ ", " [\u2066-\u2069]*")
        await expect(self.card).to_contain_text(re.compile(pattern))

    async def sees_toast(self, words: str) -> None:
        """Wait until a toast shows these words."""
        await expect(self.page.locator(":is(#toasts, #notes) .toast", has_text=words).first).to_be_visible()

    async def sees_state(self, words: str) -> None:
        """Wait until the panel of switches says these words."""
        await expect(self.page.locator("#stage")).to_contain_text(words)

    async def has_no_buttons(self) -> None:
        """Wait until nobody is asked any more."""
        await expect(self.card.locator("[data-tap]")).to_have_count(0)

    def stories(self, ending: str) -> Locator:
        """The stories of the log that end so, the newest first."""
        return self.page.locator("details.tap", has_text=ending)

    async def unfold(self, story: Locator) -> str:
        """Open a story of the log and read it."""
        await story.locator("summary").click()
        await expect(story.locator(".story")).to_be_visible()
        return await story.inner_text()

    async def leave_everything_whole(self) -> None:
        """Mend what is broken, see that the first worker runs, and leave a new story to whoever comes next."""
        self._sandbox.clear_faults()
        if await self.page.get_by_role("button", name="Mend everything").is_enabled():
            await self.press("Mend everything")
        self._environment.workers.start(1)
        await self._sandbox.until(self._sandbox.bot_api.polls.is_waiting, 20)
        await self.become("Anna")
        await self.page.get_by_label("two at once").uncheck()
        await self._environment.stories.add()
