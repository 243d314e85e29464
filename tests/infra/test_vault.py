"""What is sealed is read with any of the keys, and with no other."""

import pytest

from actors.errors import Unreachable
from infra.vault import BadKey, Vault, new_key

OLD, NEW = new_key(), new_key()


def test_token_is_read_as_it_was_sealed_and_does_not_stand_in_what_is_stored() -> None:
    sealed = Vault([NEW]).seal("EAA-the-token")

    assert Vault([NEW]).unseal(sealed) == "EAA-the-token"
    assert b"EAA" not in sealed


def test_older_key_still_reads_after_a_new_one_came_first() -> None:
    sealed = Vault([OLD]).seal("EAA-the-token")

    assert Vault([NEW, OLD]).unseal(sealed) == "EAA-the-token"


def test_token_that_was_sealed_again_is_read_without_the_old_key() -> None:
    sealed = Vault([NEW, OLD]).renew(Vault([OLD]).seal("EAA-the-token"))

    assert Vault([NEW]).unseal(sealed) == "EAA-the-token"


def test_token_that_no_key_opens_is_named_with_a_sentence() -> None:
    sealed = Vault([OLD]).seal("EAA-the-token")

    with pytest.raises(Unreachable, match="SECRET_KEYS"):
        Vault([NEW]).unseal(sealed)
    with pytest.raises(Unreachable, match="SECRET_KEYS"):
        Vault([NEW]).renew(sealed)


def test_vault_without_keys_says_so() -> None:
    with pytest.raises(Unreachable, match="SECRET_KEYS is not set"):
        Vault([]).seal("EAA-the-token")


def test_wrong_key_is_not_repeated() -> None:
    with pytest.raises(BadKey) as caught:
        Vault(["not-a-key"])

    assert "not-a-key" not in str(caught.value)
    assert caught.value.__cause__ is None
