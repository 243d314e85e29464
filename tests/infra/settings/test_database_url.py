"""Which addresses of a database are taken, and what is said of the others: never a piece of what stands in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.settings import BadSettings
from infra.settings.database_url import BAD_HOST, BAD_OPTIONS, BAD_PORT, ENCODE, RAW, Because, check, passwords_in
from infra.settings.reading import read_settings

WORD = "hunter2"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///stories",
        "postgres://db",
        "postgresql://me@db:5432/stories?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem",
        "postgresql://me:a%2Fb%3F%23%40:c@db.example.org:5432/stories",
        "postgresql://me:no@db-1,db_2:5433,[::1]:5434/stories?target_session_attrs=read-write",
        "postgresql://me@%2Fvar%2Frun%2Fpostgresql/stories",
        "postgresql://me@/stories?host=/var/run/postgresql&port=5433",
        "postgresql://db/stories?user=me@server&password=a=b@c",
        "postgresql://me@[fe80::1%25eth0]/stories",
        "postgresql://me@db/stories?options=-c%20geqo%3Doff&channel_binding=require",
    ],
)
def test_address_as_providers_and_libpq_write_it_is_taken(url: str) -> None:
    check(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"postgresql://me:a/{WORD}@db/x", RAW),
        (f"postgresql://me:12/{WORD}@db/x", RAW),
        (f"postgresql://me:a#{WORD}@db/x", RAW),
        ("postgresql://me:a#", RAW),
        (f"postgresql://me:a@{WORD}@db/x", RAW),
        (f"postgresql://me:a/{WORD}", BAD_PORT),
        (f"postgresql://me:12?{WORD}@db/x", BAD_OPTIONS),
        (f"postgresql://me:12?{WORD}=@db/x", BAD_OPTIONS),
        (f"postgresql://me@db/x?{WORD}", BAD_OPTIONS),
        (f"postgresql://me@db:{WORD}/x", BAD_PORT),
        ("postgresql://me@db:99999/x", BAD_PORT),
        ("postgresql://me@db:0/x", BAD_PORT),
        ("postgresql://me@db:/x", BAD_PORT),
        ("postgresql://me@db/x?port=99999", BAD_PORT),
        (f"postgresql://me@d b{WORD}/x", BAD_HOST),
        (f"postgresql://me@db\\{WORD}/x", BAD_HOST),
    ],
)
def test_address_that_would_be_read_otherwise_than_it_was_meant_is_refused(url: str, why: str) -> None:
    with pytest.raises(Because) as refused:
        check(url)

    assert str(refused.value) == why
    assert ENCODE in why
    assert WORD not in why


@pytest.mark.parametrize("name", ["sslmode", "sslnegotiation", "target_session_attrs"])
def test_option_with_a_value_that_no_server_knows_is_named_without_it(name: str) -> None:
    with pytest.raises(Because, match=f"another {name} than ") as refused:
        check(f"postgresql://me@db/x?{name}={WORD}")

    assert WORD not in str(refused.value)


def test_sentence_begins_with_the_name_of_the_variable(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings({"DATABASE_URL": f"postgresql://me:a/{WORD}@db/x"}, tmp_path, tmp_path)

    assert refused.value.problems == (f"DATABASE_URL {RAW}",)


@pytest.mark.parametrize("demand", ["channel_binding=require", "gssencmode=require"])
def test_demand_that_the_driver_cannot_meet_is_announced(tmp_path: Path, demand: str) -> None:
    settings = read_settings({"DATABASE_URL": f"postgresql://me@db/x?{demand}"}, tmp_path, tmp_path)

    [notice] = settings.notices
    assert notice.startswith(f"DATABASE_URL demands {demand}, which our driver does not know, so it is not met;")


def test_wish_that_the_driver_cannot_meet_is_no_demand(tmp_path: Path) -> None:
    settings = read_settings({"DATABASE_URL": "postgresql://me@db/x?channel_binding=prefer"}, tmp_path, tmp_path)

    assert settings.notices == ()


def test_every_password_of_an_address_is_known_in_both_spellings() -> None:
    found = passwords_in("postgresql://me:a%2Fb@db/x?password=c%20d&sslpassword=e")

    assert list(found) == ["a%2Fb", "a/b", "c%20d", "c d", "e", "e"]


def test_password_that_stands_in_a_variable_of_libpq_is_a_secret(tmp_path: Path) -> None:
    settings = read_settings({"DATABASE_URL": "postgresql://me@db/x", "PGPASSWORD": WORD}, tmp_path, tmp_path)

    assert settings.secrets() == (WORD,)
