"""What the calls of the adapter may take fits into what the actors above it allow for."""

from actors.bounds import PUBLISH_CALL_SECONDS, PUBLISH_LEASE_SECONDS, READ_CALL_SECONDS, SEND_WITHIN_SECONDS
from infra.instagram.graph import HINT_SECONDS
from infra.instagram.settings import PUBLISH_SECONDS


def test_both_hints_are_read_while_a_saga_waits_for_them() -> None:
    assert 2 * HINT_SECONDS < READ_CALL_SECONDS


def test_publish_call_ends_within_the_lease_of_its_publish() -> None:
    assert PUBLISH_SECONDS <= PUBLISH_CALL_SECONDS
    assert SEND_WITHIN_SECONDS + PUBLISH_SECONDS < PUBLISH_LEASE_SECONDS
