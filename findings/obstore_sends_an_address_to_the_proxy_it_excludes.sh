#!/bin/sh
# obstore 0.12.1 (object stores for Python, on Rust's reqwest): proxy_excludes="*" and a bucket at an IP address.
#
# Guess: "*" means no proxy for anything, as in curl's NO_PROXY and in most programs.
# Seen: "*" covers every name, and no address: http://localhost:9000 is reached directly, http://127.0.0.1:9000 by the proxy,
# with the whole signed request. An address is excluded only by itself or by its network ("127.0.0.0/8"). Buckets of one's own
# (MinIO, Ceph, SeaweedFS) stand at addresses more often than anything else does. "0.0.0.0/0,::/0" beside "*" means all.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qq --disable-pip-version-check obstore==0.12.1
"$folder/venv/bin/python" - <<'END'
import socket
import threading
from contextlib import suppress
from datetime import timedelta
from importlib.metadata import version

import obstore
from obstore.store import S3Store

ANSWER = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
asked = []


def listener(name):
    """Answer all requests with 404, and note who was asked; return the port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                asked.append(name)
                connection.sendall(ANSWER)

    threading.Thread(target=serve, daemon=True).start()
    return listening.getsockname()[1]


def way(excludes, host):
    asked.clear()
    store = S3Store(
        "stories", endpoint=f"http://{host}:{bucket}", region="here", access_key_id="anna", secret_access_key="none",
        client_options={"allow_http": True, "proxy_url": f"http://127.0.0.1:{proxy}", "proxy_excludes": excludes},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=5)},
    )
    with suppress(FileNotFoundError):
        obstore.get(store, "sunset.jpg")
    return asked[-1]


proxy, bucket = listener("by the proxy"), listener("directly")
found = {(excludes, host): way(excludes, host) for excludes in ("*", "*,0.0.0.0/0") for host in ("localhost", "127.0.0.1")}
for (excludes, host), how in found.items():
    print("obstore", version("obstore"), f"proxy_excludes={excludes!r}: {host} is asked", how)
assert list(found.values()) == ["directly", "by the proxy", "directly", "directly"], "CHANGED"
END
