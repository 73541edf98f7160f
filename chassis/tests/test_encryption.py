import base64
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_settings import BaseSettings

from chassis.encryption import Keyring, Tampered, UnknownKey
from chassis.errors import Permanent
from chassis.settings import load

K1, K2, INDEX = os.urandom(32), os.urandom(32), os.urandom(32)
OLD = Keyring("k1", {"k1": K1}, INDEX)
ROTATED = Keyring("k2", {"k1": K1, "k2": K2}, INDEX)


@given(st.binary(max_size=2000), st.text(max_size=50))
def test_what_is_encrypted_decrypts_in_its_context(plaintext: bytes, context: str):
    assert OLD.decrypt(OLD.encrypt(plaintext, context=context), context=context) == plaintext


def test_a_value_copied_into_another_context_does_not_open():
    token = OLD.encrypt(b"0912345678", context="phone:row-1")
    with pytest.raises(Tampered):
        OLD.decrypt(token, context="phone:row-2")


def test_equal_values_do_not_look_equal():
    first, second = (OLD.encrypt(b"0912345678", context="phone:row-1") for _ in range(2))
    assert set(first.split(".")[2:]).isdisjoint(second.split(".")[2:])


def test_old_keys_decrypt_and_the_active_one_encrypts():
    token = OLD.encrypt(b"x", context="c")
    assert ROTATED.decrypt(token, context="c") == b"x"
    assert ROTATED.encrypt(b"x", context="c").startswith("v1.k2.")


def test_a_key_that_is_not_held_is_told_apart():
    with pytest.raises(UnknownKey) as refused:
        OLD.decrypt(ROTATED.encrypt(b"x", context="c"), context="c")
    assert isinstance(refused.value, Permanent)
    assert refused.value.reason == "unknown-encryption-key"


def test_every_altered_character_is_noticed():
    token = OLD.encrypt(b"x", context="c")
    for place, was in enumerate(token):
        altered = token[:place] + ("A" if was != "A" else "_") + token[place + 1 :]
        with pytest.raises((Tampered, UnknownKey)):
            OLD.decrypt(altered, context="c")


@pytest.mark.parametrize("text", ["", "v1", "v1.k1", "v1.k1.", "v1.k1.AAAA.AAAA", "v2.k1.a.b", "é"])
def test_what_is_no_token_is_refused(text: str):
    with pytest.raises((Tampered, UnknownKey)):
        OLD.decrypt(text, context="c")


def test_parts_of_two_values_do_not_combine():
    one, two = (OLD.encrypt(text, context="c").split(".") for text in (b"1", b"2"))
    with pytest.raises(Tampered):
        OLD.decrypt(".".join([*one[:3], two[3]]), context="c")


def test_a_blind_index_finds_equal_values_and_depends_on_its_key():
    assert OLD.blind_index("001099012345") == ROTATED.blind_index("001099012345")
    assert OLD.blind_index("001099012345") != OLD.blind_index("001099012346")
    other = Keyring("k1", {"k1": K1}, os.urandom(32))
    assert OLD.blind_index("001099012345") != other.blind_index("001099012345")


class TrialSettings(BaseSettings):
    encryption_keys: Keyring


def in_json(**changes: object) -> str:
    keys = {"k1": base64.b64encode(K1).decode()}
    whole = {"active": "k1", "keys": keys, "index": base64.b64encode(INDEX).decode()}
    return json.dumps({**whole, **changes})


def test_a_keyring_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENCRYPTION_KEYS", in_json())
    keyring = load(TrialSettings).encryption_keys
    assert keyring.decrypt(OLD.encrypt(b"x", context="c"), context="c") == b"x"
    assert Keyring.parse(keyring) is keyring


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no json", "must be JSON"),
        ("[]", "must be JSON"),
        ("{}", "must be JSON"),
        (in_json(keys=["k1"]), "must be JSON"),
        (in_json(active="k9"), "`active`"),
        (in_json(active=None), "`active`"),
        (in_json(index="c2hvcnQ="), "32 bytes"),
        (in_json(keys={"k1": "c2hvcnQ="}), "32 bytes"),
        (in_json(active="a.b", keys={"a.b": "c2hvcnQ="}), "dot"),
    ],
    ids=range(9),  # the keys are new at each run, names of tests must not be
)
def test_a_malformed_keyring_is_refused_without_repeating_it(text: str, told: str):
    with pytest.raises(ValueError, match=told) as refused:
        Keyring.parse(text)
    assert "c2hvcnQ" not in str(refused.value)


def test_a_keyring_does_not_print_its_keys():
    assert "k1" not in repr(OLD)
