"""Time zones by name, as rows and operators write them."""

from datetime import UTC

import pytest

from actors.domain.time_zones import is_known, zone


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "Asia/Kathmandu"])
def test_name_of_the_iana_list_is_that_zone(name: str) -> None:
    assert is_known(name)
    assert str(zone(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "Mars/Base",
        "",
        ".",
        "Europe",
        "Europe/Berlin/",
        "/etc/passwd",
        "../../etc/passwd",
        "zone.tab",
        "a\0b",
        "x" * 5000,
    ],
)
def test_name_that_no_machine_knows_is_utc(name: str) -> None:
    """Each of these is another exception of zoneinfo's."""
    assert not is_known(name)
    assert zone(name) is UTC
