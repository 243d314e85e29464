"""Lets a fault happen to a call: before its effect, after it, or much later."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from infra.sandbox.common.faults import Fault, FaultKind, Faults
from infra.sandbox.common.journal import Changes
from infra.sandbox.telegram.exchange import html_error, reset

ServedCall = Callable[[], Awaitable[web.Response]]


class FaultInjector:
    """Breaks calls as the faults say; calls that hang let go when faults are cleared."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._cleared = Changes()
        self._late: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Let calls that hang look whether their fault was cleared."""
        self._cleared.wake()

    def close(self) -> None:
        """Let go of every call that hangs or is late."""
        for task in self._late:
            task.cancel()
        self._faults.clear()
        self.wake()

    async def inject(self, request: web.Request, fault: Fault, effect: ServedCall) -> web.Response:
        """Have the fault happen to a call; what is not written here breaks the connection before the effect."""
        match fault.kind:
            case FaultKind.SERVER_ERROR:
                return html_error(fault.code)
            case FaultKind.SERVER_ERROR_AFTER:
                await effect()
                return html_error(fault.code)
            case FaultKind.BROKEN_BODY:
                whole = (await effect()).body
                assert isinstance(whole, bytes)
                return web.Response(body=whole[: len(whole) // 2], content_type="application/json")
            case FaultKind.RESET_AFTER | FaultKind.HANG_AFTER:
                await effect()
            case FaultKind.LATE:
                self._apply_late(fault.seconds, effect)
            case _:
                pass
        if fault.kind in (FaultKind.HANG_BEFORE, FaultKind.HANG_AFTER):
            await self._hang()
        return reset(request)

    async def _hang(self) -> None:
        clearings = self._faults.clearings
        await self._cleared.until(lambda: self._faults.clearings != clearings)

    def _apply_late(self, seconds: float, effect: ServedCall) -> None:
        async def wait_and_apply() -> None:
            await asyncio.sleep(seconds)
            await effect()

        task = asyncio.get_running_loop().create_task(wait_and_apply())
        self._late.add(task)
        task.add_done_callback(self._late.discard)
