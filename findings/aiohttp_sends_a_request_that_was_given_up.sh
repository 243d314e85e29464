#!/bin/sh
# aiohttp 3.14.5 (client): a POST of 20 MB on a slow line is cancelled after a second, as asyncio.timeout does it.
#
# Guess: giving up closes the connection; what has not left yet never leaves, and the server sees half a request.
# Seen: the whole body goes out to its last byte, seconds after the call has ended in TimeoutError and the session was closed:
# a body that is given as bytes (alone or as a part of a form) was written into the transport's buffer at once, and closing a
# transport sends its buffer first. So the server gets a complete, valid request and acts on it. Whoever takes a time-out
# "before the request was through" for "not sent", and sends again, posts twice. It also keeps a slow line busy for whatever
# comes next. httpx 0.28.1, in the same place, stops: the server never has the end of it.
# Way out: abort the transport (a connector of one's own), or give the body as a generator of small pieces.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qq --disable-pip-version-check aiohttp==3.14.5 httpx==0.28.1
"$folder/venv/bin/python" - <<'EOF'
import asyncio

import aiohttp
import httpx

PICTURE = b"x" * 20_000_000


async def by_aiohttp(address):
    form = aiohttp.FormData()
    form.add_field("photo", PICTURE, filename="a.jpg")
    async with aiohttp.ClientSession() as session:
        await session.post(address, data=form)


async def by_httpx(address):
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
        await client.post(address, files={"photo": ("a.jpg", PICTURE)})


async def received(call):
    """Return how many bytes a slow server had when the call ended, and how many it got in all."""
    count, ended = 0, asyncio.Event()

    async def read_slowly(reader, writer):
        nonlocal count
        try:
            while piece := await reader.read(65536):
                count += len(piece)
                await asyncio.sleep(0.01)
        except ConnectionError:
            pass
        ended.set()
        writer.close()

    async with await asyncio.start_server(read_slowly, "127.0.0.1", 0, limit=65536) as server:
        port = server.sockets[0].getsockname()[1]
        try:
            async with asyncio.timeout(1):
                await call(f"http://127.0.0.1:{port}/")
        except TimeoutError:
            early = count
        await asyncio.wait_for(ended.wait(), 60)
    return early, count


for call, version in ((by_aiohttp, aiohttp.__version__), (by_httpx, httpx.__version__)):
    early, whole = asyncio.run(received(call))
    print(call.__name__, version, f"given up at {early:,} bytes, the server got {whole:,}")
    assert early < len(PICTURE), "too fast to tell"
    assert (whole > len(PICTURE)) is (call is by_aiohttp), "CHANGED"
EOF
