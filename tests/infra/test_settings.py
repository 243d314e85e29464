"""What an operator may set, and what a wrong value is told."""

from pathlib import Path

import pytest

from infra.settings import BadSettings, Settings, child_environment, load_settings

ROOT = Path(__file__).parent.parent.parent
TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
NEW_KEY, OLD_KEY = "n" * 43 + "=", "o" * 43 + "="
WANTED_ORIGIN = "must be scheme, host and port only, like https://"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def problem_with(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as caught:
        load_settings()
    return str(caught.value)


def test_nothing_need_be_set() -> None:
    settings = load_settings()

    assert settings.database_url is None
    assert settings.telegram_token is None
    assert settings.data_dir == ROOT / ".everytap"
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert (settings.port, settings.pool_size, settings.database_pooled) == (8080, 5, False)
    assert (settings.shutdown_grace_seconds, settings.log_format, settings.log_level) == (20.0, "json", "INFO")


def test_every_variable_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", " postgres://anna:pa%40ss@db:5432/stories ")
    monkeypatch.setenv("DATABASE_POOLED", "1")
    monkeypatch.setenv("POOL_SIZE", "50")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TELEGRAM_TOKEN", f"{TOKEN}\n")
    monkeypatch.setenv("TELEGRAM_API_URL", "http://127.0.0.1:8081/")
    monkeypatch.setenv("INSTAGRAM_API_URL", "http://[::1]:8082")
    monkeypatch.setenv("PUBLIC_URL", "https://stories.example.org/everytap/")
    monkeypatch.setenv("LINK_SECRET", " sixteen letters. ")
    monkeypatch.setenv("MEDIA_BUCKET", "stories")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://s3.example.org/")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKTEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a key of the tests")
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setenv("SHUTDOWN_GRACE_SECONDS", "2.5")
    monkeypatch.setenv("LOG_FORMAT", "Console")
    monkeypatch.setenv("LOG_LEVEL", "debug")

    settings = load_settings()

    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgres://anna:pa%40ss@db:5432/stories"
    assert settings.bot_token() == TOKEN
    assert (settings.database_pooled, settings.pool_size, settings.data_dir) == (True, 50, tmp_path)
    assert settings.telegram_api_url == "http://127.0.0.1:8081"
    assert settings.instagram_api_url == "http://[::1]:8082"
    assert settings.public_url == "https://stories.example.org/everytap"
    assert settings.link_secret is not None
    assert settings.link_secret.get_secret_value() == "sixteen letters."
    assert (settings.media_bucket, settings.aws_endpoint_url) == ("stories", "https://s3.example.org")
    assert (settings.aws_region, settings.bucket_keys()) == ("eu-central-1", ("AKTEST", "a key of the tests"))
    assert (settings.port, settings.shutdown_grace_seconds) == (0, 2.5)
    assert (settings.log_format, settings.log_level) == ("console", "DEBUG")


def test_keys_of_the_vault_come_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEYS", f"{NEW_KEY}, {OLD_KEY}\n")

    settings = load_settings()

    assert settings.vault_keys() == (NEW_KEY, OLD_KEY)
    assert {NEW_KEY, OLD_KEY} <= set(settings.secrets())


def test_without_keys_the_vault_has_none_and_no_token_is_given() -> None:
    settings = load_settings()

    assert (settings.vault_keys(), settings.given_token()) == ((), None)


@pytest.mark.parametrize("keys", ["hunter2", f"{NEW_KEY},", f"{NEW_KEY},hunter2", NEW_KEY[:-1]])
def test_what_is_no_key_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    problem = problem_with(monkeypatch, "SECRET_KEYS", keys)

    assert problem.startswith("SECRET_KEYS must be keys as `account new-key` prints them")
    assert ("hunter2" in problem, NEW_KEY[:-1] in problem) == (False, False)


def test_token_of_an_account_is_read_and_kept_out_of_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNT_TOKEN", " EAAtoken\n")

    settings = load_settings()

    assert settings.given_token() == "EAAtoken"
    assert "EAAtoken" in settings.secrets()
    assert "EAAtoken" not in repr(settings)


def test_a_variable_set_to_nothing_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("PORT", "")

    settings = load_settings()

    assert (settings.database_url, settings.port) == (None, 8080)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT must be a port number from 0 (any free one) to 65535; it is 'eighty'."),
        ("PORT", "65536", "PORT must be a port number from 0 (any free one) to 65535; it is '65536'."),
        ("POOL_SIZE", "0", "POOL_SIZE must be a number of connections from 1 to 50; it is '0'."),
        (
            "DATABASE_POOLED",
            "maybe",
            "DATABASE_POOLED must be 1 when a transaction pooler stands before the database, else 0; it is 'maybe'.",
        ),
        (
            "SHUTDOWN_GRACE_SECONDS",
            "nan",
            "SHUTDOWN_GRACE_SECONDS must be a number of seconds above 0, at most 600; it is 'nan'.",
        ),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be json or console; it is 'xml'."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR; it is 'LOUD'."),
    ],
)
def test_a_wrong_value_is_told_what_it_must_be(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    assert problem_with(monkeypatch, name, value) == sentence


@pytest.mark.parametrize(
    "url", ["mysql://u:hunter2@h/db", "postgresql+asyncpg://u:hunter2@h/db", "hunter2", "postgresql://u:hunter2@[h/db"]
)
def test_a_database_url_of_another_kind_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    problem = problem_with(monkeypatch, "DATABASE_URL", url)

    assert problem.startswith("DATABASE_URL must be an address like postgresql://")
    assert "hunter2" not in problem


@pytest.mark.parametrize("token", ["AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0", "123456789:AAHdqTcvCH1v", f"bot{TOKEN}"])
def test_a_token_of_another_shape_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    problem = problem_with(monkeypatch, "TELEGRAM_TOKEN", token)

    assert problem.startswith("TELEGRAM_TOKEN must be a bot's token as @BotFather shows it")
    assert "AAHdqTcvCH1v" not in problem


@pytest.mark.parametrize(
    "url",
    [
        "api.telegram.org",
        "ftp://api.telegram.org",
        "https://",
        f"https://api.telegram.org/bot{TOKEN}",
        "https://u:hunter2@api.telegram.org",
        "https://api.telegram.org?token=hunter2",
        "https://api.telegram.org:0",
        "https://api.telegram.org:99999",
        "https://api telegram.org",
    ],
)
@pytest.mark.parametrize("name", ["TELEGRAM_API_URL", "INSTAGRAM_API_URL"])
def test_an_api_url_is_scheme_host_and_port_only(monkeypatch: pytest.MonkeyPatch, name: str, url: str) -> None:
    problem = problem_with(monkeypatch, name, url)

    assert problem.startswith(f"{name} {WANTED_ORIGIN}")
    assert "hunter2" not in problem
    assert TOKEN not in problem


def test_a_short_link_secret_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_with(monkeypatch, "LINK_SECRET", "hunter2")

    assert problem.startswith("LINK_SECRET must be 16 characters or more, the same for all workers, or unset")
    assert "hunter2" not in problem


@pytest.mark.parametrize("given", [0, 1])
@pytest.mark.parametrize(
    "pair",
    [("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET")],
    ids=["the key of a bucket", "the app at Meta"],
)
def test_half_of_a_pair_is_refused_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, pair: tuple[str, str], given: int
) -> None:
    """With half of an app, tokens would be renewed by nobody, and nobody would be told."""
    monkeypatch.setenv(pair[given], "hunter2")

    with pytest.raises(BadSettings, match=" and ".join(pair) + " belong together") as caught:
        load_settings()

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://bot.example.org/telegram", "TELEGRAM_WEBHOOK_URL must begin with https://"),
        ("https://bot.example.org:9443/telegram", "TELEGRAM_WEBHOOK_URL must have port 443, 80, 88 or 8443"),
    ],
)
def test_webhook_to_which_telegram_brings_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str, sentence: str
) -> None:
    monkeypatch.setenv("TELEGRAM_WEBHOOK_URL", url)

    with pytest.raises(BadSettings, match=sentence):
        load_settings()


def test_bot_api_server_of_ones_own_brings_updates_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_API_URL", "http://127.0.0.1:8081")
    monkeypatch.setenv("TELEGRAM_WEBHOOK_URL", "http://127.0.0.1:8080/telegram")

    assert load_settings().telegram_webhook_url == "http://127.0.0.1:8080/telegram"


def test_without_keys_those_of_the_machine_open_the_bucket() -> None:
    assert load_settings().bucket_keys() is None


def test_a_data_dir_that_is_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tmp_path.joinpath("file").touch()

    problem = problem_with(monkeypatch, "DATA_DIR", str(tmp_path / "file"))

    assert problem.startswith("DATA_DIR must be a directory, or a path at which one can be made; it is ")


def test_each_wrong_variable_gets_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOL_SIZE", "many")
    monkeypatch.setenv("PORT", "-1")

    with pytest.raises(BadSettings) as caught:
        load_settings()

    assert [problem.split()[0] for problem in caught.value.problems] == ["POOL_SIZE", "PORT"]
    assert caught.value.__cause__ is None


def test_a_command_that_needs_the_token_says_so() -> None:
    with pytest.raises(BadSettings, match=r"^TELEGRAM_TOKEN is not set; set it to the token"):
        load_settings().bot_token()


def test_webhook_has_the_secret_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_WEBHOOK_URL", "https://bot.example.org/telegram/")
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", "sixteen_letters-")

    settings = load_settings()

    assert settings.telegram_webhook_url == "https://bot.example.org/telegram"
    assert settings.webhook_secret() == "sixteen_letters-"
    assert settings.secrets() == (TOKEN, "sixteen_letters-")


def test_webhook_without_a_secret_gets_one_that_hangs_on_the_token_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_WEBHOOK_URL", "https://bot.example.org/telegram")
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    settings = load_settings()
    monkeypatch.setenv("TELEGRAM_TOKEN", f"{TOKEN}x")

    other = load_settings()

    assert len(settings.webhook_secret()) == 64
    assert other.webhook_secret() != settings.webhook_secret()
    assert settings.secrets() == (TOKEN, settings.webhook_secret())


@pytest.mark.parametrize("path", ["{token}", "%2Ftelegram", "?token=1"])
def test_webhook_address_has_a_plain_path(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    problem = problem_with(monkeypatch, "TELEGRAM_WEBHOOK_URL", f"https://bot.example.org/{path}")

    assert problem.startswith("TELEGRAM_WEBHOOK_URL must be the address to which Telegram brings updates")


@pytest.mark.parametrize("secret", ["too_short", "sixteen letters.", "x" * 257])
def test_webhook_secret_that_telegram_does_not_take_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    problem = problem_with(monkeypatch, "TELEGRAM_WEBHOOK_SECRET", secret)

    assert problem.startswith("TELEGRAM_WEBHOOK_SECRET must be 16 to 256 letters, digits, _ or -")
    assert secret not in problem


def test_secrets_are_named_for_the_log_in_both_spellings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://anna:pa%40ss@db/stories")
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("LINK_SECRET", "hunter2 and his dog")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKTEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a key of the tests")

    assert load_settings().secrets() == (TOKEN, "pa%40ss", "pa@ss", "hunter2 and his dog", "a key of the tests")


def test_settings_do_not_show_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://anna:hunter2@db/stories")
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)

    shown = repr(load_settings())

    assert "hunter2" not in shown
    assert TOKEN not in shown


def test_a_child_gets_this_environment_with_the_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERYTAP_KEPT", "kept")
    monkeypatch.setenv("PORT", "1")

    environment = child_environment({"PORT": "2"})

    assert (environment["EVERYTAP_KEPT"], environment["PORT"]) == ("kept", "2")
