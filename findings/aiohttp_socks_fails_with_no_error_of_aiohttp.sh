#!/bin/sh
# aiohttp-socks 0.12.0 with aiohttp 3.14.5 (client): the SOCKS proxy is down, or refuses the host.
#
# Guess: a connector's failure is an aiohttp.ClientError, or at least an OSError, as with aiohttp's own connector, its own
# HTTP proxies included. So `except (aiohttp.ClientError, OSError)` around a request means "no connection".
# Seen: ProxyConnectionError, ProxyError and ProxyTimeoutError are plain Exceptions, the last one no TimeoutError either. Put
# in place of TCPConnector, the same request in the same code ends in an exception that nobody there expects.
# Way out: name aiohttp_socks' own errors beside aiohttp's wherever a request is made.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qq --disable-pip-version-check aiohttp==3.14.5 aiohttp-socks==0.12.0
"$folder/venv/bin/python" - <<'EOF'
import asyncio
import socket
from importlib.metadata import version

import aiohttp
from aiohttp_socks import ProxyConnector, ProxyTimeoutError

EXPECTED = (aiohttp.ClientError, OSError)


async def failure(connector, address, **more):
    async with aiohttp.ClientSession(connector=connector) as session:
        try:
            await session.get(address, **more)
        except Exception as error:
            return error


async def refuses(reader, writer):
    await reader.readexactly(3)
    writer.write(b"\x05\x00")
    await reader.readexactly(4)
    writer.write(b"\x05\x02\x00\x01" + bytes(6))  # not allowed by the ruleset
    await writer.drain()


async def main():
    with socket.socket() as held:  # bound and not listening: whoever connects is refused
        held.bind(("127.0.0.1", 0))
        down = held.getsockname()[1]
        by_http = await failure(None, "http://bot.example/", proxy=f"http://127.0.0.1:{down}")
        by_socks = await failure(ProxyConnector.from_url(f"socks5://127.0.0.1:{down}", rdns=True), "http://bot.example/")
    server = await asyncio.start_server(refuses, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    refused = await failure(ProxyConnector.from_url(f"socks5://127.0.0.1:{port}", rdns=True), "http://bot.example/")
    for name, error in (("HTTP proxy down", by_http), ("SOCKS proxy down", by_socks), ("SOCKS proxy refuses", refused)):
        print(f"{name}: {type(error).__name__}, expected: {isinstance(error, EXPECTED)}")
    print("aiohttp", version("aiohttp"), "aiohttp-socks", version("aiohttp-socks"))
    assert isinstance(by_http, EXPECTED), by_http
    assert not isinstance(by_socks, EXPECTED), "CHANGED"
    assert not isinstance(refused, EXPECTED), "CHANGED"
    assert not issubclass(ProxyTimeoutError, (*EXPECTED, TimeoutError)), "CHANGED"


asyncio.run(main())
EOF
