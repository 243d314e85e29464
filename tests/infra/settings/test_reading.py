"""What is done to a value before it is checked, and which names are taken for a slip of the pen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.settings import BadSettings, Settings
from infra.settings.reading import read_settings

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
NEW_KEY = "n" * 43 + "="
VALID = {
    "DATABASE_URL": "postgresql://anna:pass@db/stories",
    "DATABASE_POOLED": "1",
    "POOL_SIZE": "7",
    "DATA_DIR": "/srv/everytap",
    "TELEGRAM_TOKEN": TOKEN,
    "TELEGRAM_API_URL": "http://127.0.0.1:8081",
    "TELEGRAM_WEBHOOK_URL": "https://bot.example.org/telegram",
    "TELEGRAM_WEBHOOK_SECRET": "sixteen_letters-",
    "INSTAGRAM_API_URL": "http://127.0.0.1:8082",
    "SECRET_KEYS": NEW_KEY,
    "ACCOUNT_TOKEN": "EAAtoken",
    "FACEBOOK_APP_ID": "1234567890",
    "FACEBOOK_APP_SECRET": "a secret",
    "PUBLIC_URL": "https://stories.example.org",
    "LINK_SECRET": "sixteen letters.",
    "MEDIA_BUCKET": "stories",
    "AWS_ENDPOINT_URL": "https://s3.example.org",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKTEST",
    "AWS_SECRET_ACCESS_KEY": "a key of the tests",
    "PORT": "81",
    "HOST": "::1",
    "SHUTDOWN_GRACE_SECONDS": "2.5",
    "LOG_FORMAT": "console",
    "LOG_LEVEL": "DEBUG",
    "HTTP_PROXY": "http://proxy:3128",
    "HTTPS_PROXY": "http://anna:pass@proxy:3128",
    "ALL_PROXY": "socks5h://proxy:1080",
    "NO_PROXY": ".example.org",
}


def read(**environment: str) -> Settings:
    return read_settings({"ENV_FILE": os.devnull, **environment}, Path("/srv"), Path("/srv"))


def problem_with(**environment: str) -> str:
    with pytest.raises(BadSettings) as caught:
        read(**environment)
    return str(caught.value)


def test_each_setting_is_tried_below() -> None:
    assert set(VALID) == {name.upper() for name in Settings.model_fields}
    assert read(**VALID).model_fields_set == set(Settings.model_fields)


def test_white_space_around_any_value_is_no_part_of_it() -> None:
    """Files written on Windows end their lines with a carriage return."""
    assert read(**{name: f" \t{value} \r\n" for name, value in VALID.items()}) == read(**VALID)


def test_white_space_alone_counts_as_unset() -> None:
    assert read(**dict.fromkeys(VALID, "\r")) == read()


@pytest.mark.parametrize("name", VALID)
@pytest.mark.parametrize("quotes", ['""', "''", "“”"])
def test_quotes_around_any_value_are_named_and_the_value_is_not(name: str, quotes: str) -> None:
    """`docker run --env-file` keeps them."""
    problem = problem_with(**{**VALID, name: f"{quotes[0]}{VALID[name]}{quotes[1]}\r"})

    assert problem == f"{name} has quotes around its value, which docker, for one, keeps: remove them."


@pytest.mark.parametrize("path", ['"', "'", '"/srv/everytap', "/srv/everytap'"])
def test_one_quote_at_a_folder_is_refused_too(path: str) -> None:
    assert problem_with(DATA_DIR=path).startswith("DATA_DIR has quotes around its value")


def test_each_value_in_quotes_and_each_wrong_one_gets_its_sentence() -> None:
    problem = problem_with(PORT="'81'", POOL_SIZE="many", HOST='"::1"')

    assert [line.split()[0] for line in problem.splitlines()] == ["PORT", "HOST", "POOL_SIZE"]


@pytest.mark.parametrize("path", ["$HOME/everytap", "${HOME}/everytap", "/srv/every\ttap", "/srv/\x1b[2J"])
def test_folder_that_only_a_shell_could_have_meant_is_refused(path: str) -> None:
    assert problem_with(DATA_DIR=path).startswith("DATA_DIR must be a directory, or a path at which one can be made; ")


def test_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """No shell expands it in an env file."""
    monkeypatch.setenv("HOME", "/home/anna")

    assert read(DATA_DIR="~/stories").data_dir == Path("/home/anna/stories")


def test_names_in_small_letters_count_where_the_usual_ones_are_not_set() -> None:
    assert (read(port="81").port, read(port="81", PORT="82").port, read(PORT="82", port="81").port) == (81, 82, 82)


def test_proxies_go_by_their_names_in_small_letters_first() -> None:
    """As curl and Python have it."""
    settings = read(
        HTTPS_PROXY="http://upper:1", https_proxy="http://lower:1", no_proxy="a.example", NO_PROXY="b.example"
    )

    assert settings.https_proxy is not None
    assert settings.https_proxy.get_secret_value() == "http://lower:1"
    assert settings.no_proxy == "a.example"


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("proxy.example.org:3128", "http://proxy.example.org:3128"),
        ("http://anna:pa%40ss@10.0.0.1:3128/", "http://anna:pa%40ss@10.0.0.1:3128"),
        ("socks://127.0.0.1:1080/", "socks://127.0.0.1:1080"),
        ("http://[::1]:3128", "http://[::1]:3128"),
    ],
)
def test_proxy_is_taken_as_curl_takes_it(given: str, taken: str) -> None:
    proxy = read(ALL_PROXY=given).all_proxy

    assert proxy is not None
    assert proxy.get_secret_value() == taken


@pytest.mark.parametrize(
    "wrong", ["ftp://a:hunter2@proxy", "http://", "http://proxy:hunter2", "http://proxy/hunter2", "a b"]
)
def test_what_is_no_proxy_is_refused_without_repeating_it(wrong: str) -> None:
    problem = problem_with(HTTPS_PROXY=wrong)

    assert problem.startswith("HTTPS_PROXY must be a proxy like http://user:password@proxy.example.org:3128 or")
    assert "hunter2" not in problem


@pytest.mark.parametrize(("given", "taken"), [("localhost", "127.0.0.1"), ("[::]", "::"), ("10.0.0.1", "10.0.0.1")])
def test_host_is_an_address_of_this_machine(given: str, taken: str) -> None:
    assert read(HOST=given).host == taken


@pytest.mark.parametrize("wrong", ["x86_64-conda-linux-gnu", "annas-laptop", "127.0.0.1:80", "300.1.1.1"])
def test_host_that_another_program_set_is_refused(wrong: str) -> None:
    """Tcsh and conda's compilers do; to listen on all addresses instead would open what was meant to be closed."""
    problem = problem_with(HOST=wrong)

    assert problem.startswith("HOST must be an IP address of this machine on which to listen, like 127.0.0.1, or unset")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DATABSE_URL", "DATABASE_URL"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("TELEGRAM_BOT_TOKEN", "TELEGRAM_TOKEN"),
        ("telegram_tokn", "TELEGRAM_TOKEN"),
        ("DATADIR", "DATA_DIR"),
        ("SECRET_KEY", "SECRET_KEYS"),
        ("PUBLIC_ULR", "PUBLIC_URL"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("TELEGRAM_API", "TELEGRAM_API_URL"),
        ("TELEGRAM_WEBHOOK", "TELEGRAM_WEBHOOK_URL"),
        ("FACEBOOK_ID", "FACEBOOK_APP_ID"),
        ("EVERYTAP_DATABASE_URL", "DATABASE_URL"),
    ],
)
def test_name_that_is_nearly_ours_is_named_with_the_one_that_was_meant(name: str, meant: str) -> None:
    notices = read(**{name: "hunter2"}).notices

    assert notices == (f"There is no setting {name.upper()}, so nothing reads it: did you mean {meant}?",)


@pytest.mark.parametrize(
    "name",
    [
        "PORTS",
        "PORT_",
        "GHOST",
        "HOSTS",
        "HOSTNAME",
        "HOSTTYPE",
        "XDG_DATA_DIRS",
        "AWS_DEFAULT_REGION",
        "AWS_ACCESS_KEY",
        "TEST_DATABASE_URL",
        "TELEGRAM_API_ID",
        "TELEGRAM_API_HASH",
        "TELEGRAM_CHAT_ID",
        "TELEGRAM",
        "WEBHOOK_URL",
        "FTP_PROXY",
        "POSTGRES_PASSWORD",
        "LOGNAME",
        "PGPORT",
    ],
)
def test_name_of_another_program_is_left_alone(name: str) -> None:
    assert read(**{name: "x"}).notices == ()


def test_name_is_not_guessed_at_where_what_it_may_have_meant_is_set() -> None:
    assert read(TELEGRAM_BOT_TOKEN="of another bot", TELEGRAM_TOKEN=TOKEN).notices == ()


def test_keys_of_a_bucket_are_guessed_at_only_if_there_is_one() -> None:
    assert "AWS_ACCESS_KEY_ID" in read(AWS_ACCESS_KEY="AK", MEDIA_BUCKET="stories").notices[0]
