"""What the Graph API answers, as far as we read it."""

from __future__ import annotations

from typing import Annotated, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

T = TypeVar("T")

# What is kept of a reply, or asked with the next time: the database takes no NUL, and no row is to hold a megabyte.
Id: TypeAlias = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[\x21-\x7e]*$")]
HttpAddress: TypeAlias = Annotated[str, Field(max_length=2048, pattern=r"^https?://[\x21-\x7e]*$")]
MOST_SECONDS = 2**33  # what lies beyond is no date


class GraphModel(BaseModel):
    """Takes what it knows, leaves the rest; a number may stand where an id is expected, or its text for a number."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)


def _text_or_none(found: object) -> object:
    return found if isinstance(found, str) else None


# Only a log keeps it: one of another shape must not make a refusal unreadable.
Aside: TypeAlias = Annotated[str | None, BeforeValidator(_text_or_none)]


class GraphError(GraphModel):
    """The reason of a refusal; Meta's own words are for the log alone, see said.py."""

    code: int
    error_subcode: int | None = None
    is_transient: bool = False
    message: Aside = Field(None, repr=False)
    error_user_msg: Aside = Field(None, repr=False)
    fbtrace_id: Aside = None
    type: Aside = None


class Envelope(GraphModel):
    """How every refusal comes."""

    error: GraphError


class Listed(GraphModel, Generic[T]):
    """A list, as every edge answers."""

    data: list[T]


class Made(GraphModel):
    """A container or a story came to be."""

    id: Id


class ContainerReply(GraphModel):
    """developers.facebook.com/docs/instagram-platform/reference/ig-container."""

    status_code: str
    status: str = ""


class MediaReply(GraphModel):
    """A published story."""

    permalink: HttpAddress | None = None


class Value(GraphModel):
    """A figure for a time."""

    value: int | None = None


class Share(GraphModel):
    """A part of a figure, by what it is a part of."""

    dimension_values: list[str] = []
    value: int | None = None


class Breakdown(GraphModel):
    """The parts of a figure."""

    results: list[Share] = []


class Total(GraphModel):
    """A figure of all times, and its parts."""

    value: int | None = None
    breakdowns: list[Breakdown] = []


class Metric(GraphModel):
    """A figure; what Instagram withholds is not there."""

    name: Aside = None
    values: list[Value] = []
    total_value: Total | None = None

    @property
    def figure(self) -> int | None:
        """The figure itself, wherever it stands."""
        found = self.values[0].value if self.values else None
        return found if self.total_value is None else self.total_value.value

    def part(self, name: str) -> int | None:
        """One part; a part that is not named though others are is none."""
        parts = (
            [] if self.total_value is None else [one for each in self.total_value.breakdowns for one in each.results]
        )
        found = [one.value or 0 for one in parts if name in one.dimension_values]
        return sum(found) if parts else None


class Config(GraphModel):
    """The limit of an account."""

    quota_total: int


class LimitReply(GraphModel):
    """How much of its limit an account used."""

    quota_usage: int
    config: Config | None = None


class FacebookProfile(GraphModel):
    """An account as Facebook's login sees it."""

    id: Id
    username: Id


class Me(GraphModel):
    """The account of an Instagram login; its `id` is a number of the app's own, `user_id` is the account's."""

    user_id: Id
    username: Id

    @model_validator(mode="before")
    @classmethod
    def unlisted(cls, found: object) -> object:
        """Take it out of the list of one in which Meta's page shows it; the host itself sends it bare."""
        match found:
            case {"data": [only]}:
                return only
            case _:
                return found


class FacebookPage(GraphModel):
    """A Facebook page, and the Instagram account that is connected to it."""

    instagram_business_account: FacebookProfile | None = None


class TokenReply(GraphModel):
    """A token in the place of another one."""

    access_token: str = Field(min_length=1, max_length=4096, pattern=r"^[\x21-\x7e]*$", repr=False)
    expires_in: int | None = Field(None, ge=0, le=MOST_SECONDS)


class GranularScope(GraphModel):
    """A right, and for which accounts it was granted; without a list: for all of them."""

    scope: str
    target_ids: list[str] | None = None


class Inspected(GraphModel):
    """What a token is good for; it never expires where `expires_at` is 0, nor its access to data."""

    is_valid: bool
    expires_at: int = 0
    data_access_expires_at: int = 0
    type: Aside = None
    scopes: list[str] = Field(default_factory=list)
    granular_scopes: list[GranularScope] = Field(default_factory=list)


class Inspection(GraphModel):
    """What debug_token says of a token: whose it is, what it may, until when."""

    data: Inspected
