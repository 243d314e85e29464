"""The command line; each command opens what it needs and hands over."""

from __future__ import annotations

from infra.process import first

if __name__ == "__main__":
    first.begin()  # before the imports that take a second

import gc
import os
import random
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, redirect_stderr
from functools import cache
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import anyio
import structlog
import typer
from starlette.routing import Route

from actors.domain.account import Login
from actors.errors import BotTokenRefused, PortError, QueueError
from actors.operations.set_up import Prerequisites
from actors.ports import Groups, Webhook
from actors.runtime.child import ChildContext
from actors.worker import Identity, Ports, Worker
from infra.clock import WallClock
from infra.console.app import RUNNING, build
from infra.console.exit_codes import WrongInput, say
from infra.console.ports import ConsoleDependencies, VaultDependencies
from infra.console.program import PROGRAM, examples, name_to_type
from infra.identity import take_names
from infra.instagram.graph import GraphInstagram, open_instagram
from infra.instagram.settings import App, GraphDependencies, settings_for
from infra.instagram.tokens import TokenOwner
from infra.logs import configure_logs, dropped_line
from infra.media.bucket import Bucket, BucketMedia
from infra.media.links import SignedLinks
from infra.media.local import LocalMedia
from infra.media.reach import Reach
from infra.media.secret import kept_secret
from infra.postgres.admin import PostgresAdmin
from infra.postgres.connect import DatabaseAddress, connected
from infra.postgres.embedded.owner import open_embedded
from infra.postgres.migrate import TooOld, migrate
from infra.postgres.pool import PoolSettings, open_pool
from infra.postgres.statements import STATEMENTS
from infra.process.crashes import tell_crashes
from infra.process.output import queued
from infra.process.stopper import Stopper, when_stdin_ends
from infra.proxies import Proxies, SocksProxy
from infra.settings import BadSettings, NotTheFolder, Settings, load_settings, prepare
from infra.telegram.bot import TelegramChat, open_telegram
from infra.telegram.groups import open_groups
from infra.telegram.webhook import Place, open_webhook
from infra.vault import Vault, new_key
from infra.web.gate import most_connections
from infra.web.media import media_route
from infra.web.probe import health_of
from infra.web.server import PortTaken, check, listen, serve
from infra.web.webhook import webhook_route

GARBAGE = (20_000, 20, 20)  # collections as of Python's start would be two for each tap of a burst, and find nothing
TOKEN_SECONDS = 5.0
UVLOOP = {"use_uvloop": True}
PORT_HELP = "The port to listen on; 0: any free one. Otherwise 8100, or the next that is free."
HOST_HELP = "The address to listen on; 0.0.0.0 or :: lets other machines and containers in. There is no log-in."
NAMES_HELP = "A name by which it is asked for, besides this machine's own; may be said again."
NO_DEMO = """The demo is not part of this installation, which is for workers: type `make demo` in a checkout,
or build the image with `docker build --target demo`."""

log = structlog.get_logger()


def read_settings() -> Settings:
    """Read what is set, and say what is to be said of it; what is wrong with it is the input's fault."""
    settings = checked_settings()
    for notice in settings.notices:
        say_once(notice)
    return settings


def checked_settings() -> Settings:
    """Read what is set, and hide what of it is secret from whatever goes wrong unforeseen."""
    try:
        settings = load_settings()
    except BadSettings as error:
        raise WrongInput(str(error)) from error
    hide(settings.secrets())
    return settings


@cache
def hide(secrets: tuple[str, ...] = ()) -> None:
    """Log to stderr, without these; a worker has a log of its own from its start on."""
    configure_logs("console", "WARNING", secrets, sys.stderr)


@cache
def say_once(sentence: str) -> None:
    """Say it, once a process: a command reads its settings more often than that."""
    say(sentence)


def data_dir_of(settings: Settings) -> Path:
    """Return DATA_DIR, which is there and can be written to; what is wrong with it is the input's fault."""
    try:
        prepare(settings.data_dir)
    except NotTheFolder as error:
        raise WrongInput(str(error)) from error
    return settings.data_dir


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[DatabaseAddress]:
    """Yield the address of the database: the operator's own, or an embedded one for as long as this lasts."""
    if settings.database_url is not None:
        yield DatabaseAddress(settings.database_url.get_secret_value(), settings.database_pooled, settings.libpq)
        return
    async with open_embedded(data_dir_of(settings)) as dsn:
        yield DatabaseAddress(dsn, scram_only=True)


async def bring_up_to_date(address: DatabaseAddress) -> list[str]:
    """Migrate, patiently; returns what was applied."""
    async with connected(address, say) as connection:
        return await migrate(connection)


@asynccontextmanager
async def open_operator_admin() -> AsyncIterator[PostgresAdmin]:
    """Yield what an operator asks of a database that is up to date; one that is too old is the input's fault."""
    async with open_database(read_settings()) as address, connected(address, say) as connection:
        with too_old_told():
            await migrate(connection)
        yield PostgresAdmin(connection)


@contextmanager
def too_old_told() -> Iterator[None]:
    """Raise WrongInput, with what to do first, for a database from which this release cannot go on."""
    try:
        yield
    except TooOld as error:
        raise WrongInput(str(error)) from error


async def migrate_only() -> list[str]:
    """Bring the operator's database up to date, and do nothing else."""
    async with open_database(read_settings()) as address:
        with too_old_told():
            return await bring_up_to_date(address)


def proxies_of(settings: Settings) -> Proxies:
    """Return the operator's proxies, which lead to Telegram and to Instagram; one that cannot is the input's fault."""
    proxies = Proxies(*settings.proxies(), settings.no_proxy)
    try:
        for url in outside_of(settings).values():
            proxies.of(url)
    except SocksProxy as error:
        raise WrongInput(str(error)) from error
    return proxies


def outside_of(settings: Settings) -> dict[str, str]:
    """Where the calls go that a proxy may have to carry, for the log."""
    graph = settings_for(settings.instagram_api_url)
    hosts = {"telegram": settings.telegram_api_url, "facebook": graph.facebook_url, "instagram": graph.instagram_url}
    if settings.media_bucket is not None:
        hosts["bucket"] = settings.aws_endpoint_url or f"https://s3.{settings.aws_region}.amazonaws.com"
    return hosts


def tell_proxies(settings: Settings) -> None:
    """Say by which proxies this worker goes, if by any."""
    proxies = proxies_of(settings)
    shown = {name: proxies.shown(url) for name, url in outside_of(settings).items()}
    if any(shown.values()):
        log.info("proxies", **shown)


def open_library(settings: Settings) -> LocalMedia | BucketMedia:
    """Where the stories' files are kept, without links."""
    if settings.media_bucket is None:
        return LocalMedia(settings.data_dir / "media")
    where = settings.media_bucket, settings.aws_endpoint_url, settings.aws_region
    proxy = proxies_of(settings).of(outside_of(settings)["bucket"])
    key_id, key = settings.bucket_keys() or (None, None)
    return BucketMedia(Bucket(*where, key_id, key, proxy))


def filled_library() -> LocalMedia | BucketMedia:
    """The same for a command that puts files there."""
    settings = read_settings()
    if settings.media_bucket is None:
        data_dir_of(settings)
    return open_library(settings)


def open_media(settings: Settings) -> LocalMedia | BucketMedia:
    """A worker's files of the stories, with links: a bucket's own, or under PUBLIC_URL."""
    library = open_library(settings)
    if isinstance(library, BucketMedia) or settings.public_url is None:
        return library
    own = settings.link_secret
    secret = own.get_secret_value() if own else kept_secret(data_dir_of(settings))
    return LocalMedia(settings.data_dir / "media", SignedLinks(secret, settings.public_url, WallClock()))


async def check_health() -> tuple[bool, str]:
    """Ask the worker of this machine how it is."""
    settings = read_settings()
    return await check(health_of(settings.host, settings.port))


async def whose_token(token: str, login: Login, ig_user_id: str | None) -> TokenOwner:
    """Ask Instagram whose a token is."""
    settings = read_settings()
    async with open_graph(settings, open_media(settings)) as instagram:
        return await instagram.who(token, login, ig_user_id)


@asynccontextmanager
async def open_groups_of_bot() -> AsyncIterator[Groups | None]:
    """Yield what tells of groups; None: there is no token to ask with."""
    settings = read_settings()
    if settings.telegram_token is None:
        yield None
        return
    proxy = proxies_of(settings).of(settings.telegram_api_url)
    async with open_groups(settings.bot_token(), settings.telegram_api_url, proxy) as groups:
        yield groups


def means_of(settings: Settings) -> Prerequisites:
    """What the environment gives for publishing."""
    return Prerequisites(bool(settings.vault_keys()), bool(settings.public_url or settings.media_bucket))


@asynccontextmanager
async def open_graph(settings: Settings, media: LocalMedia | BucketMedia) -> AsyncIterator[GraphInstagram]:
    """Open Instagram's Graph API; it reads tokens and names stories by what it is given here."""
    vault = Vault(settings.vault_keys())
    secret = settings.facebook_app_secret
    proxies = proxies_of(settings)
    app = App(settings.facebook_app_id, secret.get_secret_value()) if settings.facebook_app_id and secret else None
    around = GraphDependencies(vault.unseal, vault.seal, media.link, WallClock())
    async with open_instagram(settings_for(settings.instagram_api_url, app, proxies.of), around) as instagram:
        yield instagram


if __name__ == "__main__":  # who imports this typed something else
    os.umask(0o077)  # what a worker and its commands leave behind is theirs alone
    hide()
    tell_crashes(say)
    PROGRAM.set(name_to_type(sys.orig_argv, sys.argv[0], sys.executable))
app = build(
    ConsoleDependencies(
        admin=open_operator_admin,
        library=filled_library,
        migrate=migrate_only,
        check_health=check_health,
        clock=WallClock(),
        groups=open_groups_of_bot,
        means=lambda: means_of(read_settings()),
        safe=VaultDependencies(
            vault=lambda: Vault(read_settings().vault_keys()),
            new_key=new_key,
            who=whose_token,
            given_token=lambda: read_settings().given_token(),
        ),
    )
)


@app.command(rich_help_panel=RUNNING)
def run(until_stdin_ends: Annotated[bool, typer.Option("--until-stdin-ends", hidden=True)] = False) -> None:
    """Run one worker until it is told to stop (SIGTERM, SIGHUP or Ctrl-C)."""
    settings = checked_settings()
    try:
        settings.bot_token()
        proxies_of(settings)
        data_dir_of(settings)
        with queued(sys.stdout, dropped_line) as lines, queued(sys.stderr, dropped_line) as said, redirect_stderr(said):
            configure_logs(settings.log_format, settings.log_level, settings.secrets(), lines)
            for notice in settings.notices:
                log.warning("settings.notice", notice=notice)
            tell_proxies(settings)
            anyio.run(run_worker, settings, until_stdin_ends, backend_options=UVLOOP)
    except (BadSettings, PortTaken, BotTokenRefused, TooOld) as error:
        raise WrongInput(str(error)) from error


async def run_worker(settings: Settings, until_stdin_ends: bool = False) -> None:
    """Run one worker; raises RestartLimitReached when it gives up, and what kept it from starting."""
    failure: QueueError | None = None
    async with anyio.create_task_group() as tasks:
        stopper = Stopper(tasks.cancel_scope.cancel)
        await tasks.start(stopper.listen)
        if until_stdin_ends:
            tasks.start_soon(when_stdin_ends, tasks.cancel_scope.cancel)
        try:
            async with open_worker(settings) as worker:
                stopper.stop = worker.supervisor.stop
                await worker.supervisor.run()
                log.info("worker.stopped")
        except QueueError as error:
            failure = error  # out of the task group it would come as a group
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def refuse_bad_token(chat: TelegramChat) -> None:
    """Ask Telegram who we are; raises BotTokenRefused. One that does not answer now is waited for later."""
    with anyio.move_on_after(TOKEN_SECONDS):
        try:
            await chat.own_name()
        except BotTokenRefused:
            raise
        except PortError as error:
            log.info("telegram.token_not_checked", reason=str(error))


@asynccontextmanager
async def open_place(settings: Settings) -> AsyncIterator[Webhook | None]:
    """Yield the webhook by which Telegram is to bring updates; None: they are polled."""
    url = settings.telegram_webhook_url
    if url is None:
        yield None
        return
    # Half of the places: the probes, and Instagram, come in beside taps that are held.
    place = Place(url, settings.webhook_secret(), most_connections() // 2)
    proxy = proxies_of(settings).of(settings.telegram_api_url)
    async with open_webhook(settings.bot_token(), settings.telegram_api_url, place, proxy) as webhook:
        yield webhook


def routes_of(settings: Settings, media: LocalMedia | BucketMedia, worker: Worker) -> list[Route]:
    """What a worker serves beside its health: its files, and the webhook under the path of its address."""
    routes = [media_route(media)] if isinstance(media, LocalMedia) else []
    if settings.telegram_webhook_url is not None and worker.receiver is not None:
        path = urlsplit(settings.telegram_webhook_url).path or "/"
        routes.append(webhook_route(path, settings.webhook_secret(), worker.receiver.take))
    return routes


@asynccontextmanager
async def open_worker(settings: Settings) -> AsyncIterator[Worker]:
    """Open everything outside, and wire a worker to it."""
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listen(settings.host, settings.port))
        names = stack.enter_context(take_names(settings.data_dir))
        media = open_media(settings)
        proxies = proxies_of(settings)
        proxy = proxies.of(settings.telegram_api_url)
        telegram = open_telegram(settings.bot_token(), settings.telegram_api_url, media, proxy)
        chat, updates = await stack.enter_async_context(telegram)
        await refuse_bad_token(chat)
        address = await stack.enter_async_context(open_database(settings))
        applied = await bring_up_to_date(address)
        pool_settings = PoolSettings(settings.pool_size, address.pooled, names.worker, address.scram_only)
        pool = await stack.enter_async_context(open_pool(address.dsn, pool_settings, STATEMENTS))

        async def web(worker: Worker, context: ChildContext) -> None:
            routes = routes_of(settings, media, worker)
            await serve(worker, listener, context.stopping, context.ready, *routes)

        instagram = await stack.enter_async_context(open_graph(settings, media))
        webhook = await stack.enter_async_context(open_place(settings))
        reach = Reach(media.link, proxies.of)
        ports = Ports(pool, chat, updates, WallClock(), instagram, reach, webhook, means_of(settings))
        identity = Identity(names.worker, names.owner, settings.shutdown_grace_seconds)
        worker = Worker(ports, identity, random.Random(), web)
        gc.collect()
        gc.freeze()  # what is imported and wired stays: a full collection over it would stall a tap
        gc.set_threshold(*GARBAGE)
        log.info("worker.started", worker=names.worker, port=listener.getsockname()[1], migrations=applied)
        yield worker


@app.command(rich_help_panel="See it", epilog=examples("demo", "demo --headless", "demo --host 0.0.0.0"))
def demo(  # noqa: PLR0913, PLR0917 - what can be typed
    headless: Annotated[bool, typer.Option("--headless", help="Let simulated people tap, then print a table.")] = False,
    seconds: Annotated[float | None, typer.Option(help="How long; without --headless until Ctrl-C.", min=1)] = None,
    port: Annotated[int | None, typer.Option(help=PORT_HELP, min=0, max=65_535)] = None,
    host: Annotated[str, typer.Option(help=HOST_HELP)] = "127.0.0.1",
    allow_host: Annotated[list[str] | None, typer.Option(metavar="NAME", help=NAMES_HELP)] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, and open nothing.")] = False,
    seed: Annotated[int, typer.Option(help="The dice of the simulated people.")] = 1,
) -> None:
    """Play with a local Telegram: no token, no account, a PostgreSQL and a worker of its own."""
    configure_logs("console", "WARNING", stream=sys.stderr)
    try:
        # Here and not above: a worker starts without the demo, and its image has none.
        from infra.sandbox.demo import wiring  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name == "jinja2" or is_of_sandbox(error.name):
            raise WrongInput(NO_DEMO) from error
        raise
    typed = wiring.Typed(headless, seconds, port, host, allow_host or (), no_browser, seed)
    raise typer.Exit(wiring.run(typed))


def is_of_sandbox(module: str | None) -> bool:
    """Say whether a module that was not found is the sandbox, or a part of it."""
    return module is not None and f"{module}.".startswith("infra.sandbox.")


if __name__ == "__main__":
    first.end_in_order()
    app(prog_name=PROGRAM.get())
