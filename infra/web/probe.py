"""Asks a worker how it is, with the standard library alone, so that a container can do so every few seconds."""

from __future__ import annotations

import http.client
import json
import sys
from urllib.parse import urlsplit

CHECK_SECONDS = 4.0  # less than a container's probe waits


def health_of(host: str | None, port: int) -> str:
    """The address at which a worker that listens there is asked from its own machine."""
    if not host or host == "0.0.0.0":  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    elif host == "::":
        host = "::1"
    return f"http://[{host}]:{port}/healthz" if ":" in host else f"http://{host}:{port}/healthz"


def probe(url: str, seconds: float = CHECK_SECONDS) -> tuple[bool, str]:
    """Ask, and say in one sentence what came of it; blocks, at each step no longer than `seconds`."""
    try:
        problems = [str(problem) for problem in json.loads(_fetch(url, seconds))["problems"]]
    except TimeoutError:
        return False, f"The worker at {url} does not answer within {seconds:g} s: it hangs."
    except OSError:
        return False, f"No worker answers at {url}."
    except (http.client.HTTPException, ValueError, LookupError, TypeError):
        return False, f"What answers at {url} is not a worker of everytap."
    if problems:
        return False, f"The worker is not well: {'; '.join(problem.rstrip('.') for problem in problems)}."
    return True, "The worker is well."


def _fetch(url: str, seconds: float) -> bytes:
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=seconds)
    try:
        connection.request("GET", where.path)
        return connection.getresponse().read()
    finally:
        connection.close()


def main() -> int:
    """Print the sentence; 0 if the worker is well. Takes the settings PORT and HOST, or the whole address."""
    where, host = sys.argv[1].strip(), "".join(sys.argv[2:]).strip()
    well, sentence = probe(where if "://" in where else health_of(host, int(where)))
    # Whatever answers there may have worded it, and a terminal would obey what is not printed.
    sys.stdout.write("".join(one if one.isprintable() else "?" for one in sentence) + "\n")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
