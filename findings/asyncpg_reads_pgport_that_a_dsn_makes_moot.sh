#!/bin/sh
# asyncpg 0.32.0: a DSN that says host, port, user and database, in a shell in which PGPORT is set to something.
#
# Guess: what the DSN says goes before the environment, so PGPORT is not looked at; libpq has it that way.
# Seen: PGPORT is parsed first and thrown away afterwards. One that is no number ends in ValueError before any connection is
# tried ("invalid literal for int()"), although port 1 was named. Given as `port=` beside the DSN it is not read at all.
# Whoever starts a PostgreSQL of their own and connects by DSN depends on a variable that nobody set for them.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qq --disable-pip-version-check asyncpg==0.32.0
PGPORT=five "$folder/venv/bin/python" - <<'EOF'
import asyncio

import asyncpg


async def failure(**more):
    try:
        await asyncpg.connect("postgresql://anna@127.0.0.1:1/stories?sslmode=disable", **more)
    except Exception as error:
        return type(error).__name__, str(error)


by_dsn, by_argument = asyncio.run(failure()), asyncio.run(failure(port=1))
print(asyncpg.__version__, "port in the DSN:", by_dsn)
print(asyncpg.__version__, "port as an argument, too:", by_argument)
assert by_dsn[0] == "ValueError", by_dsn
assert by_argument[0] == "ConnectionRefusedError", by_argument
EOF
