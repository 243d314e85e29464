"""Runs the sandbox as a process of its own; its first line says where it is, as JSON."""

import argparse
import asyncio
import json
import signal
import sys

from infra.sandbox.common.listening import LOOPBACK, CannotListen, Listener
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.rules import Rules


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m infra.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default=LOOPBACK, help="the address to listen on; 0.0.0.0: every one")
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="a name that leads here")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-limits", action="store_true", help="send and edit as fast as you like")
    options = parser.parse_args()
    try:
        asyncio.run(
            serve(
                Listener(options.host, [options.port], options.allow_host),
                Rules(limits=not options.no_limits),
                options.seed,
            )
        )
    except CannotListen as error:
        parser.exit(2, f"{error}\n")


async def serve(listener: Listener, rules: Rules, seed: int) -> None:
    """Open the sandbox, announce it, and wait to be stopped."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_sandbox(listener, rules, seed) as sandbox:
        sys.stdout.write(json.dumps({"url": sandbox.url, "token": sandbox.token}) + "\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    main()
