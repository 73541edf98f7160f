"""Keys in files: opened once while they stay the same, and what is wrong with one is told apart."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from certification.key_files import KeyFiles
from certification.keys import KeySigner
from certification.ports import Hindered, Hindrance

from .certificates import self_signed
from .provider import AGENCY, PASSPHRASE


@pytest.fixture
def store(keys: Path) -> KeyFiles:
    return KeyFiles(keys, PASSPHRASE)


def hindrance(work: Callable[[], object]) -> tuple[Hindrance, str]:
    with pytest.raises(Hindered) as caught:
        work()
    return caught.value.hindrance, str(caught.value)


def test_a_key_signs_and_its_certificate_is_told(store: KeyFiles):
    key = store.key("dao")
    public = x509.load_der_x509_certificate(key.certificate.dump()).public_key()
    public.verify(key.sign(b"paper"), b"paper", padding.PKCS1v15(), SHA256())  # pyright: ignore[reportAttributeAccessIssue, reportCallIssue, reportArgumentType, reportUnknownMemberType] - it is RSA
    described = store.key("seal").described()
    assert AGENCY in described.subject
    assert described.fingerprint == store.key("seal").certificate.sha256.hex()


def test_a_key_is_read_once_while_its_file_stays(store: KeyFiles, keys: Path):
    first = store.key("dao")
    assert store.key("dao") is first
    moved = (keys / "dao.p12").rename(keys / "dao.away")
    try:
        assert hindrance(lambda: store.key("dao"))[0] is Hindrance.KEY_AWAY
    finally:
        moved.rename(keys / "dao.p12")


def test_a_renewed_file_is_read_by_itself(tmp_path: Path):
    store = KeyFiles(tmp_path, PASSPHRASE)
    for name in ("first", "second", "third"):
        write(tmp_path, ec.generate_private_key(ec.SECP256R1()), name)
        assert store.key("ec").common_name == name


def test_a_file_that_looks_the_same_is_read_again_when_keys_are_forgotten(tmp_path: Path):
    """As after `cp --preserve`."""
    store = KeyFiles(tmp_path, PASSPHRASE)
    write(tmp_path, ec.generate_private_key(ec.SECP256R1()), "first")
    before = store.key("ec")
    store.forget()
    assert store.key("ec") is not before


def test_a_wrong_passphrase_is_told(keys: Path):
    told, message = hindrance(lambda: KeyFiles(keys, "guessed").key("dao"))
    assert told is Hindrance.WRONG_PIN
    assert PASSPHRASE not in message


@pytest.mark.parametrize("content", [b"", b"not a key", b"\x30\x82\x01\x00" + bytes(100)])
def test_a_damaged_file_is_not_a_wrong_passphrase(tmp_path: Path, content: bytes):
    (tmp_path / "dao.p12").write_bytes(content)
    told, message = hindrance(lambda: KeyFiles(tmp_path, PASSPHRASE).key("dao"))
    assert told is Hindrance.KEY_AWAY
    assert "not a PKCS#12 file" in message


def test_a_missing_file_is_told_and_found_when_it_is_there(tmp_path: Path, keys: Path):
    store = KeyFiles(tmp_path, PASSPHRASE)
    assert hindrance(lambda: store.key("dao"))[0] is Hindrance.KEY_AWAY
    (tmp_path / "dao.p12").write_bytes((keys / "dao.p12").read_bytes())
    assert store.key("dao").common_name == "Nguyễn Thị Bích Đào"


@pytest.mark.parametrize("label", ["../dao", "/etc/passwd", "a/b"])
def test_a_label_is_not_a_path(store: KeyFiles, label: str):
    assert hindrance(lambda: store.key(label))[0] is Hindrance.KEY_AWAY


def write(
    folder: Path,
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    name: str = "ec",
) -> None:
    sealed = pkcs12.serialize_key_and_certificates(
        b"ec",
        key,
        self_signed(key, name),
        None,
        BestAvailableEncryption(PASSPHRASE.encode()),
    )
    (folder / "ec.p12").write_bytes(sealed)


async def test_an_elliptic_key_signs_too(tmp_path: Path):
    private = ec.generate_private_key(ec.SECP256R1())
    write(tmp_path, private)
    key = KeyFiles(tmp_path, PASSPHRASE).key("ec")
    private.public_key().verify(key.sign(b"paper"), b"paper", ec.ECDSA(SHA256()))
    room = await KeySigner(key).async_sign_raw(b"paper", "sha256", dry_run=True)
    assert len(room) >= len(key.sign(b"paper"))


def test_other_kinds_of_keys_are_refused(tmp_path: Path):
    write(tmp_path, ed25519.Ed25519PrivateKey.generate())
    told, message = hindrance(lambda: KeyFiles(tmp_path, PASSPHRASE).key("ec"))
    assert told is Hindrance.KEY_AWAY
    assert "neither an RSA nor an EC key" in message


async def test_room_for_an_rsa_signature_is_known_without_making_one(store: KeyFiles):
    key = store.key("dao")
    room = await KeySigner(key).async_sign_raw(b"paper", "sha256", dry_run=True)
    assert len(room) == len(key.sign(b"paper"))
