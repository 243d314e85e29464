"""The operator's settings: one field for each variable, and what is made of several."""

import hmac
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, SecretStr

from infra.settings import checks
from infra.settings.database_url import passwords_in

TELEGRAM_API = "https://api.telegram.org"
# https://core.telegram.org/bots/api#setwebhook
WEBHOOK_PORTS = frozenset({443, 80, 88, 8443})

# What these hold is never repeated in a message: a password or a token may have been pasted into any of them.
UNSPEAKABLE = {"database_url", "telegram_token", "telegram_api_url", "instagram_api_url", "public_url", "link_secret"}
UNSPEAKABLE |= {"aws_endpoint_url", "aws_access_key_id", "aws_secret_access_key", "secret_keys", "facebook_app_secret"}
UNSPEAKABLE |= {"account_token", "telegram_webhook_url", "telegram_webhook_secret"}
UNSPEAKABLE |= {"http_proxy", "https_proxy", "all_proxy"}

# What looks so may be repeated in any variable's sentence: no key or address that was pasted into the wrong one does.
HARMLESS = re.compile(r"[\w ./+-]{0,24}|/[\w ./-]{0,80}")

LIBPQ_PASSWORDS = ("PGPASSWORD", "PGSSLPASSWORD")
PROXY = "a proxy like http://user:password@proxy.example.org:3128 or socks5h://127.0.0.1:1080"
Proxy = Annotated[SecretStr, AfterValidator(checks.proxy)]


class BadSettings(Exception):
    """The environment cannot be used; `problems` has one sentence for each variable, without any secret."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseModel):
    """One field for each variable; a field's description completes the sentence "PORT must be …"."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    database_url: Annotated[SecretStr, AfterValidator(checks.postgres_url)] | None = Field(
        None,
        description="an address like postgresql://user:password@host:5432/name, or unset for an embedded PostgreSQL",
    )
    database_pooled: bool = Field(False, description="1 when a transaction pooler stands before the database, else 0")
    pool_size: int = Field(5, ge=1, le=50, description="a number of connections from 1 to 50")
    data_dir: Annotated[Path, AfterValidator(checks.directory)] = Field(
        Path(".everytap"), description="a directory, or a path at which one can be made"
    )
    telegram_token: Annotated[SecretStr, AfterValidator(checks.bot_token)] | None = Field(
        None, description="a bot's token as @BotFather shows it: digits, a colon, 30 characters or more"
    )
    telegram_api_url: Annotated[str, AfterValidator(checks.origin)] = Field(
        TELEGRAM_API, description="scheme, host and port only, like https://api.telegram.org"
    )
    telegram_webhook_url: Annotated[str, AfterValidator(checks.webhook_address)] | None = Field(
        None,
        description="the address to which Telegram brings updates, like https://bot.example.org/telegram, or unset",
    )
    telegram_webhook_secret: Annotated[SecretStr, AfterValidator(checks.webhook_secret)] | None = Field(
        None, description="16 to 256 letters, digits, _ or -, or unset to have one made of the bot's token"
    )
    instagram_api_url: Annotated[str, AfterValidator(checks.origin)] = Field(
        "https://graph.facebook.com", description="scheme, host and port only, like https://graph.facebook.com"
    )
    secret_keys: Annotated[SecretStr, AfterValidator(checks.fernet_keys)] | None = Field(
        None, description="keys as `account new-key` prints them, the newest first, with commas between them"
    )
    account_token: SecretStr | None = Field(None, description="the token that `account add` is to connect")
    facebook_app_id: str | None = Field(None, description="the id of your app at Meta, which renews Facebook's tokens")
    facebook_app_secret: SecretStr | None = Field(None, description="the secret of that app")
    public_url: Annotated[str, AfterValidator(checks.web_address)] | None = Field(
        None, description="the address at which the internet reaches this worker, like https://stories.example.org"
    )
    link_secret: Annotated[SecretStr, AfterValidator(checks.hard_to_guess)] | None = Field(
        None, description="16 characters or more, the same for all workers, or unset to have one kept in DATA_DIR"
    )
    media_bucket: str | None = Field(
        None, description="the name of an S3-compatible bucket, or unset to keep media under DATA_DIR"
    )
    aws_endpoint_url: Annotated[str, AfterValidator(checks.web_address)] | None = Field(
        None, description="the address of the bucket's store, like https://s3.example.org, or unset for Amazon's own"
    )
    aws_region: str = Field("us-east-1", description="the region of the bucket")
    aws_access_key_id: str | None = Field(None, description="the name of the key to the bucket")
    aws_secret_access_key: SecretStr | None = Field(None, description="the key to the bucket")
    port: int = Field(8080, ge=0, le=65535, description="a port number from 0 (any free one) to 65535")
    host: Annotated[str, AfterValidator(checks.own_address)] | None = Field(
        None, description="an IP address of this machine on which to listen, like 127.0.0.1, or unset for all of them"
    )
    shutdown_grace_seconds: float = Field(20.0, gt=0, le=600, description="a number of seconds above 0, at most 600")
    log_format: Annotated[Literal["json", "console"], BeforeValidator(checks.lower)] = Field(
        "json", description="json or console"
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(checks.upper)] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    http_proxy: Proxy | None = Field(None, description=PROXY)
    https_proxy: Proxy | None = Field(None, description=PROXY)
    all_proxy: Proxy | None = Field(None, description=PROXY)
    no_proxy: str = Field("", description="names, addresses and networks that are reached without a proxy, or *")

    _notices: tuple[str, ...] = PrivateAttr(())
    _libpq: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @property
    def notices(self) -> tuple[str, ...]:
        """What the operator is to hear of these settings, one sentence each."""
        return self._notices

    @property
    def libpq(self) -> tuple[str, ...]:
        """The names of PostgreSQL's own variables that are set: a DATABASE_URL is completed from them, as psql does."""
        return tuple(self._libpq)

    def settled(self, data_dir: Path, notices: tuple[str, ...], libpq: Mapping[str, str]) -> "Settings":
        """Return the same with the folder that DATA_DIR turned out to be, and what was found beside the settings."""
        settings = self.model_copy(update={"data_dir": data_dir})
        settings._notices, settings._libpq = notices, libpq  # noqa: SLF001 - of its own class
        return settings

    def proxies(self) -> tuple[str | None, str | None, str | None]:
        """Return the proxies for http, for https and for whatever has none of these."""
        http, https, rest = (_revealed(one) or None for one in (self.http_proxy, self.https_proxy, self.all_proxy))
        return http, https, rest

    def bot_token(self) -> str:
        """Return the token for a command that cannot do without, or raise BadSettings."""
        if self.telegram_token is None:
            raise BadSettings("TELEGRAM_TOKEN is not set; set it to the token that @BotFather gave you for the bot.")
        return self.telegram_token.get_secret_value()

    def webhook_secret(self) -> str:
        """Return what proves that it is Telegram who calls; raises BadSettings without a token.

        One that is not set is made of the token: as hard to guess, the same for all workers, never forgotten.
        """
        if self.telegram_webhook_secret is not None:
            return self.telegram_webhook_secret.get_secret_value()
        return hmac.digest(self.bot_token().encode(), b"everytap webhook", "sha256").hex()

    def bucket_keys(self) -> tuple[str, str] | None:
        """Return the name of the key to the bucket and the key; None: those of the machine. Raises BadSettings."""
        name, key = self.aws_access_key_id, self.aws_secret_access_key
        if name is None and key is None:
            return None
        if name is None or key is None:
            raise BadSettings("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or none.")
        return name, key.get_secret_value()

    def refuse_what_never_works(self) -> None:
        """Raise BadSettings for half of a secret, and for a webhook that Telegram refuses.

        A Bot API server of one's own takes any: https://core.telegram.org/bots/api#using-a-local-bot-api-server
        """
        if (self.facebook_app_id is None) != (self.facebook_app_secret is None):
            raise BadSettings("FACEBOOK_APP_ID and FACEBOOK_APP_SECRET belong together: set both, or none.")
        if self.telegram_webhook_url is None or self.telegram_api_url != TELEGRAM_API:
            return
        url = urlsplit(self.telegram_webhook_url)
        if url.scheme != "https":
            raise BadSettings(
                "TELEGRAM_WEBHOOK_URL must begin with https://: Telegram brings updates over nothing else."
            )
        if (url.port or 443) not in WEBHOOK_PORTS:
            raise BadSettings("TELEGRAM_WEBHOOK_URL must have port 443, 80, 88 or 8443: Telegram goes to no other.")

    def vault_keys(self) -> tuple[str, ...]:
        """Return the keys that seal tokens, the newest first."""
        keys = self.secret_keys.get_secret_value() if self.secret_keys else ""
        return tuple(key.strip() for key in keys.split(",") if key.strip())

    def given_token(self) -> str | None:
        """Return the token that `account add` is to connect, if it was put into the environment."""
        return self.account_token.get_secret_value() if self.account_token else None

    def secrets(self) -> tuple[str, ...]:
        """Return every text that must not appear in a log."""
        token, links = _revealed(self.telegram_token), _revealed(self.link_secret)
        key, app = _revealed(self.aws_secret_access_key), _revealed(self.facebook_app_secret)
        webhook = self.webhook_secret() if token and self.telegram_webhook_url else ""
        database = (*passwords_in(_revealed(self.database_url)), *map(self._libpq.get, LIBPQ_PASSWORDS))
        known = (token, webhook, *database, links, key, app, self.given_token(), *self.vault_keys())
        known += self._proxy_passwords()
        return tuple(secret for secret in known if secret)

    def _proxy_passwords(self) -> tuple[str, ...]:
        urls = map(_revealed, (self.http_proxy, self.https_proxy, self.all_proxy))
        passwords = [urlsplit(url).password or "" for url in urls]
        return (*passwords, *map(unquote, passwords))


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
