"""What is sealed is read with any of the keys, for its account, and with no other."""

import pytest
from cryptography.fernet import Fernet, InvalidToken

from actors.domain.account import Account, Login, whose
from actors.errors import Unreachable
from infra.console.program import VERSION
from infra.vault import BadKey, Vault, new_key
from tests.hostile import CRUEL_TEXTS

OLD, NEW = new_key(), new_key()
STUDIO, SHOP = whose(Login.FACEBOOK, "178"), whose(Login.FACEBOOK, "179")


def left_by_an_earlier_release(key: str) -> bytes:
    return Fernet(key).encrypt(b"EAA-the-token")


def test_token_is_read_as_it_was_sealed_and_does_not_stand_in_what_is_stored() -> None:
    sealed = Vault([NEW]).seal("EAA-the-token", STUDIO)

    assert Vault([NEW]).unseal(sealed, STUDIO) == "EAA-the-token"
    assert b"EAA" not in sealed
    assert Vault([NEW]).seal("EAA-the-token", STUDIO) != sealed


@pytest.mark.parametrize("other", [SHOP, whose(Login.INSTAGRAM, "178"), ""])
def test_token_of_one_account_opens_for_no_other(other: str) -> None:
    """Who may write to the database cannot have one account's stories go out by another one."""
    sealed = Vault([NEW]).seal("EAA-the-token", STUDIO)

    with pytest.raises(Unreachable, match="for this account"):
        Vault([NEW]).unseal(sealed, other)
    with pytest.raises(Unreachable, match="for this account"):
        Vault([NEW]).renew(sealed, other)


def test_account_is_bound_by_its_login_and_its_id_not_by_its_name() -> None:
    """A name changes at Instagram, and the row of an account may come with another number after a restore."""
    renamed = Account(7, "178", "atelier", Login.FACEBOOK, b"")

    assert renamed.whose == STUDIO


def test_older_key_still_reads_after_a_new_one_came_first() -> None:
    sealed = Vault([OLD]).seal("EAA-the-token", STUDIO)

    assert Vault([NEW, OLD]).unseal(sealed, STUDIO) == "EAA-the-token"


def test_token_that_was_sealed_again_is_read_without_the_old_key() -> None:
    sealed = Vault([NEW, OLD]).renew(Vault([OLD]).seal("EAA-the-token", STUDIO), STUDIO)

    assert Vault([NEW]).unseal(sealed, STUDIO) == "EAA-the-token"


def test_token_that_an_earlier_release_left_is_read_and_bound_when_it_is_sealed_again() -> None:
    sealed = left_by_an_earlier_release(OLD)

    again = Vault([NEW, OLD]).renew(sealed, STUDIO)

    assert Vault([NEW, OLD]).unseal(sealed, STUDIO) == "EAA-the-token"
    assert Vault([NEW]).unseal(again, STUDIO) == "EAA-the-token"
    with pytest.raises(Unreachable):
        Vault([NEW]).unseal(again, SHOP)


def test_without_the_key_of_then_nothing_unbound_opens_any_more() -> None:
    """So a copy of one in an old backup is of no use once that key is gone."""
    with pytest.raises(Unreachable):
        Vault([NEW]).unseal(left_by_an_earlier_release(OLD), STUDIO)


def test_worker_of_an_earlier_release_takes_what_is_bound_for_no_token() -> None:
    """It waits then; text that it could read would be sent to Instagram, and the account be told dead."""
    sealed = Vault([NEW]).seal("EAA-the-token", STUDIO)

    with pytest.raises(InvalidToken):
        Fernet(NEW).decrypt(sealed)


def test_what_is_bound_to_nothing_is_read_until_version_0_2_as_security_md_says() -> None:
    """When this fails, take the reading of it away: infra/vault.py, and the sentence about it."""
    assert VERSION.startswith("0.1.")


@pytest.mark.parametrize("text", CRUEL_TEXTS)
def test_hostile_row_opens_for_nobody(text: str) -> None:
    written = text.encode(errors="replace")
    sealed = Vault([NEW]).seal("EAA-the-token", STUDIO)
    vault = Vault([NEW, OLD])

    rows = [written, b"everytap2." + written, sealed + written[:9] + b"A", sealed[:-9] + written[:9]]

    assert [row for row in rows if _opens(vault, row)] == []


def _opens(vault: Vault, row: bytes) -> bool:
    try:
        vault.unseal(row, STUDIO)
    except Unreachable:
        return False
    return True


def test_token_that_no_key_opens_is_named_with_a_sentence() -> None:
    sealed = Vault([OLD]).seal("EAA-the-token", STUDIO)

    with pytest.raises(Unreachable, match="SECRET_KEYS"):
        Vault([NEW]).unseal(sealed, STUDIO)
    with pytest.raises(Unreachable, match="SECRET_KEYS"):
        Vault([NEW]).renew(sealed, STUDIO)


def test_vault_without_keys_says_so() -> None:
    with pytest.raises(Unreachable, match="SECRET_KEYS is not set"):
        Vault([]).seal("EAA-the-token", STUDIO)


def test_wrong_key_is_not_repeated() -> None:
    with pytest.raises(BadKey) as caught:
        Vault(["not-a-key"])

    assert "not-a-key" not in str(caught.value)
    assert caught.value.__cause__ is None
