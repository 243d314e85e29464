"""The demo as a visitor meets it, without send limits: one demo and one browser for all tests of a process."""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import anyio
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from infra.clock import WallClock
from infra.media.local import LocalMedia
from infra.postgres.admin import PostgresAdmin
from infra.postgres.connect import DatabaseAddress, connected
from infra.sandbox.demo.database_faults import DatabaseFaults
from infra.sandbox.demo.fixtures import DemoFixtures
from infra.sandbox.demo.headless import PEOPLE
from infra.sandbox.demo.interactive import DemoDependencies, set_up
from infra.sandbox.demo.tcp_proxy import open_link
from infra.sandbox.demo.worker_processes import WorkerCommand
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.rules import Rules
from infra.settings import child_environment
from tests import tools
from tests.page.visitor import Visitor
from tests.plugins.postgres import Databases

ROOT = Path(__file__).parent.parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The sandbox and the browser's driver speak asyncio; those of the kit are a test's, this one is the session's."""
    return "asyncio"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's browser; without one there is nothing to look at, unless it was promised."""
    return tools.need(next((path for name in NAMES if (path := shutil.which(name))), None), "chromium", tools.BROWSER)


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def environment(
    chromium: str, databases: Databases, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Sandbox]:
    """A sandbox with a demo around it, whose worker is `main.py run`."""
    del chromium  # without a browser there is nobody to play for
    folder = tmp_path_factory.mktemp("theatre")
    dsn = databases.create(f"page_{secrets.token_hex(6)}", template_database)
    address = DatabaseAddress(dsn)
    async with (
        open_sandbox(rules=Rules(limits=False)) as sandbox,
        connected(address, print) as connection,
        open_link(dsn) as link,
        anyio.create_task_group() as tasks,
    ):
        environment = {
            "TELEGRAM_TOKEN": sandbox.token,
            "TELEGRAM_API_URL": sandbox.url,
            "INSTAGRAM_API_URL": sandbox.url,
            "DATABASE_URL": link.dsn,
            "DATA_DIR": str(folder),
            "LOG_FORMAT": "json",
        }
        script = WorkerCommand([sys.executable, str(ROOT / "main.py"), "run"], child_environment(environment), folder)
        saboteur = DatabaseFaults(connection, partial(connected, address, print))
        fixtures = DemoFixtures(PostgresAdmin(connection), LocalMedia(folder / "media"), saboteur, WallClock())
        await set_up(sandbox, DemoDependencies(fixtures, link, script, folder / "pictures", PEOPLE), tasks)
        await sandbox.until(sandbox.bot_api.polls.is_waiting, 30)
        yield sandbox
        tasks.cancel_scope.cancel()


@pytest.fixture(scope="session")
async def page(browser: Browser, environment: Sandbox) -> AsyncIterator[Page]:
    """A desktop screen that shows the demo to one visitor after the other; its script may not fail."""
    expect.set_options(timeout=15_000)
    page = await browser.new_page(viewport={"width": 1280, "height": 860})
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(environment.url)
    yield page
    await page.close()
    assert errors == []


@pytest.fixture
async def visitor(page: Page, environment: Sandbox) -> AsyncIterator[Visitor]:
    """Somebody at the page who looks at the newest open card; what they broke is mended at the end."""
    visitor = Visitor(page, environment)
    await visitor.find_a_card()
    await page.get_by_label("2 min").check()  # what is broken stays so until it is mended, however busy the machine
    yield visitor
    await visitor.leave_everything_whole()
