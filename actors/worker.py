"""The supervision tree: the children in the order in which they start, and one word of strategy."""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

import anyio

from actors.accounts.preflight import Preflight, PreflightDependencies
from actors.accounts.set_up import SetUpWatch
from actors.accounts.token_renewal import TokenDependencies, TokenKeeper
from actors.audit.interaction_log import InteractionLogger
from actors.audit.lines import LoggedTaps
from actors.bounds import NUDGE_SECONDS
from actors.cards.actor import CardDrawer
from actors.cards.chat_limits import ChatLimits, LimitedChat
from actors.commands.actor import Commands
from actors.commands.dependencies import CommandDependencies
from actors.database.actor import Database
from actors.domain.flood_limit import MOST_VIEWS, Flood
from actors.domain.item import Story
from actors.domain.messages import Message
from actors.errors import PortError
from actors.item.actor import ItemActor
from actors.item.aloud import Aloud
from actors.item.caches import KnownCards, People, RecentlyTold
from actors.item.dependencies import ItemDependencies
from actors.item.registry import CrashPolicy, ItemRegistry
from actors.operations.set_up import Prerequisites
from actors.peers import ItemKey
from actors.ports import Chat, Clock, Conflict, Instagram, Pool, Updates, Webhook
from actors.publish.actor import PublishDependencies, SagaActor
from actors.publish.insights import InsightsDependencies, InsightsReader
from actors.publish.not_connected import NotConnected, say_nothing
from actors.publish.registry import PublishRegistry, SagaKey, SagaMessage
from actors.runtime.actor import Context
from actors.runtime.child import ChildContext, ChildSpec, ChildState
from actors.runtime.supervisor import Policy, Supervisor
from actors.schedule.notifications import NotificationListener
from actors.schedule.reconciler import Reconciler
from actors.schedule.scheduler import Scheduler
from actors.updates.chat_migration import ChatMigration
from actors.updates.dispatcher import Recipients
from actors.updates.migrating_chat import MigratingChat
from actors.updates.poll_lease import PollLease
from actors.updates.polling import UpdatePoller
from actors.updates.webhook import WebhookReceiver

ATTEMPT_SECONDS = (
    4.0  # of a statement under way, which nothing interrupts (`COMMAND_SECONDS` of infra/postgres/pool.py)
)


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside of one worker; with a webhook it does not poll."""

    pool: Pool
    chat: Chat
    updates: Updates
    clock: Clock
    instagram: Instagram = field(default_factory=NotConnected)
    reach: Callable[[Story], Awaitable[None]] = say_nothing
    webhook: Webhook | None = None
    means: Prerequisites = field(default_factory=Prerequisites)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this worker is: `worker` names one run of it, `owner` what survives a restart on the same machine."""

    worker: str
    owner: str
    grace_seconds: float


Web: TypeAlias = Callable[["Worker", ChildContext], Awaitable[None]]


class Worker:
    """One worker: its actors, wired, and the supervisor that runs them."""

    def __init__(self, ports: Ports, identity: Identity, chance: random.Random, web: Web | None = None) -> None:
        worker = identity.worker
        self.database = Database(ports.pool, random=chance)
        self._logged_taps = LoggedTaps()
        self._known, self._seldom, self._people = KnownCards(), RecentlyTold(), People()
        self._views = Flood(MOST_VIEWS)
        self.migration = ChatMigration(self.database, self._confirm, self._look_again)
        paces = ChatLimits()
        ports = replace(ports, chat=MigratingChat(LimitedChat(ports.chat, paces), self.migration.follow))
        self._aloud = Aloud(ports.chat)
        self.interactions = InteractionLogger(self.database, worker)
        self.cards = CardDrawer(ports.chat, self.database, worker, self._left_behind)
        self.cards.paces = paces
        self.items = ItemRegistry(
            partial(self._item, ports, identity),
            CrashPolicy(self._aloud, self._confirm, self._left_behind),
        )
        self.publishes = PublishRegistry(partial(self._saga, ports, worker), worker, self._left_behind)
        self.preflight = Preflight(
            PreflightDependencies(worker, self.database, ports.instagram, self.items, ports.reach)
        )
        self.scheduler = Scheduler(self.database, self.items, worker, self._left_behind)
        self.reconciler = Reconciler(self.database, self.items, worker)
        self.lease = PollLease(self.database, identity.owner, self._nudge, self.reconciler.look_at_everything)
        self.set_up = SetUpWatch(self.database, ports.means)
        self.commands = Commands(self._command_dependencies(ports, worker))
        recipients = Recipients(ports.updates, self.items, self._aloud, self.commands, self.migration)
        self.poller = UpdatePoller(recipients, self.lease)
        self.receiver = None if ports.webhook is None else WebhookReceiver(recipients, ports.webhook)
        self.tokens = TokenKeeper(
            TokenDependencies(worker, self.database, ports.instagram, ports.chat, self._left_behind)
        )
        self.insights = InsightsReader(InsightsDependencies(worker, self.database, ports.instagram))
        self.notifications = NotificationListener(ports.pool, self._look_again)
        self.database.on_recovered = self._look_again
        self._updates = ports.updates
        self.supervisor = Supervisor(self._children(web), chance, Policy(stop_seconds=_stop_seconds(identity)))

    def children(self) -> Mapping[str, ChildState]:
        """Every child by name, for a probe."""
        return self.supervisor.states()

    def poll_silence_seconds(self) -> float | None:
        """How long ago Telegram answered a poll, or, before the first answer, since we may poll; None: we may not.

        With a webhook: how long ago it told us that it has it.
        """
        if self.receiver is not None:
            looked_at = self.receiver.looked_at
            return None if looked_at is None else anyio.current_time() - looked_at
        since = self.lease.held_since
        if since is None:
            return None
        return anyio.current_time() - max(since, self.poller.polled_at or since)

    def poller_trouble(self) -> str | None:
        """How the poller shows that it is dead, whatever Telegram does."""
        return self.poller.watchdog.trouble()

    def database_trouble(self) -> str | None:
        """Why the database cannot be used, as last seen."""
        return None if self.database.is_up else "no connection could be had"

    def telegram_trouble(self) -> str | None:
        """Why Telegram gives us no updates, as last seen; a standby asks for none."""
        if self.receiver is not None:
            return self.receiver.trouble
        return self.poller.trouble if self.lease.is_held else None

    def token_trouble(self) -> str | None:
        """Why only another token helps, as last seen; None: Telegram takes ours, or has not said."""
        return (self.poller if self.receiver is None else self.receiver).token.refusal

    def shortcomings(self) -> tuple[str, ...]:
        """What of the set-up is not complete, as last seen."""
        return self.set_up.reasons

    def _children(self, web: Web | None) -> list[ChildSpec]:
        """In the order of their start; they stop in reverse: the entrance of updates first, the database last.

        Where the outside is away, none of them takes the time of those that come after it.
        """
        served = [ChildSpec("web", partial(web, self))] if web else []
        return [
            ChildSpec("database", self.database.run),
            ChildSpec("interactions", self.interactions.run, stops_by=0.95),
            ChildSpec("cards", self.cards.run, stops_by=0.9),
            ChildSpec("items", self.items.run, grace_seconds=math.inf, stops_by=0.85),
            ChildSpec("publishes", self.publishes.run, grace_seconds=math.inf, stops_by=0.65),
            ChildSpec("preflight", self.preflight.run),
            ChildSpec("commands", self.commands.run),
            ChildSpec("moves", self.migration.run),
            ChildSpec("reconciler", self.reconciler.run),
            ChildSpec("scheduler", self.scheduler.run),
            ChildSpec("tokens", self.tokens.run, grace_seconds=math.inf, stops_by=0.55),
            ChildSpec("insights", self.insights.run),
            ChildSpec("setup", self.set_up.run),
            ChildSpec("hints", self.notifications.run),
            *self._entrance(served),
        ]

    def _entrance(self, served: list[ChildSpec]) -> list[ChildSpec]:
        """Poll under a lease; or have updates brought to us, once the web server answers."""
        if self.receiver is not None:
            return [*served, ChildSpec("reception", self.receiver.run, grace_seconds=math.inf, stops_by=0.5)]
        return [
            ChildSpec("lease", self.lease.run),
            *served,
            ChildSpec("intake", self.poller.run, grace_seconds=math.inf, stops_by=0.5),
        ]

    def _command_dependencies(self, ports: Ports, worker: str) -> CommandDependencies:
        return CommandDependencies(
            worker=worker,
            store=self.database,
            chat=ports.chat,
            items=self.items,
            clock=ports.clock,
            confirm=self._confirm,
            look_again=self._look_again,
            logged_taps=self._logged_taps,
            silence_seconds=self.poll_silence_seconds,
            shortcomings=self.set_up.of_chat,
            paces=self.cards.paces,
        )

    def _item(self, ports: Ports, identity: Identity, context: Context[ItemKey, Message]) -> ItemActor:
        return ItemActor(
            ItemDependencies(
                worker=identity.worker,
                store=self.database,
                chat=ports.chat,
                aloud=self._aloud,
                cards=self.cards,
                publish=self.publishes.go_on,
                clock=ports.clock,
                note=self.interactions.tell,
                confirm=self._confirm,
                wake_schedule=self.scheduler.wake,
                pause=self.items.pause,
                call_later=self.items.call_later,
                look_ahead=self.preflight.tell_nowait,
                logged_taps=self._logged_taps,
                seconds_left=self.items.seconds_left,
                known=self._known,
                seldom=self._seldom,
                people=self._people,
                views=self._views,
            ),
            context,
        )

    def _saga(self, ports: Ports, worker: str, context: Context[SagaKey, SagaMessage]) -> SagaActor:
        return SagaActor(
            PublishDependencies(
                worker=worker,
                store=self.database,
                instagram=ports.instagram,
                items=self.items,
                left_behind=self._left_behind,
                owner=self.publishes.owner,
                pause=self.publishes.pause,
                logged_taps=self._logged_taps,
            ),
            context,
        )

    def _confirm(self, update_id: int) -> None:
        (self.poller if self.receiver is None else self.receiver).confirm(update_id)

    def _left_behind(self) -> None:
        self.reconciler.wake()

    def _look_again(self) -> None:
        self.scheduler.wake()
        self.reconciler.wake()
        self.set_up.wake()

    async def _nudge(self) -> None:
        """Ask Telegram for nothing: that ends the poll of the holder, which then reads the lease and sees us."""
        # The other poll ends when this one arrives; the answer, for which Telegram may take seconds, is of no use.
        with suppress(PortError, Conflict), anyio.move_on_after(NUDGE_SECONDS):
            await self._updates.get(None, 0.0)


def _stop_seconds(identity: Identity) -> float:
    """How long a stop may take until the last statement that may still be under way."""
    return max(identity.grace_seconds / 2, identity.grace_seconds - ATTEMPT_SECONDS)
