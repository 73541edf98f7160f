"""Keys on a token: a real one made of software (SoftHSM), behind the same interface as hardware."""

from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509 import Certificate, load_der_x509_certificate
from pkcs11 import ObjectClass, TokenFlag

from certification import pkcs11_keys
from certification.pades import Pades, Terms
from certification.pkcs11_keys import TokenKeys
from certification.ports import Hindered, Hindrance
from motcua_contracts.types import SignatureLevel

from .certificates import self_signed
from .hands import sign_as
from .provider import PASSPHRASE, Provider
from .softhsm import PIN, TOKEN, SoftHsm


@pytest.fixture
def hsm(program: Callable[[str], str], keys: Path, tmp_path: Path) -> Generator[SoftHsm]:
    folder = tmp_path / "hsm"
    folder.mkdir()
    with SoftHsm.made(program("softhsm2-util"), folder) as hsm:
        hsm.load(keys / "dao.p12")
        hsm.load(keys / "seal.p12")
        yield hsm


@pytest.fixture
def store(hsm: SoftHsm) -> TokenKeys:
    return TokenKeys(hsm.module, TOKEN, PIN)


# What python-pkcs11 says when it ends a search in a session that is gone.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def told(work: Callable[[], object]) -> Hindrance:
    with pytest.raises(Hindered) as caught:
        work()
    assert PIN not in str(caught.value)
    return caught.value.hindrance


async def test_a_copy_is_signed_with_keys_that_never_leave_the_token(
    store: TokenKeys, terms: Terms, prepared: Path, tmp_path: Path
):
    async with Pades(store, terms, lambda: datetime.now(UTC)) as pades:
        copy = await sign_as("dao", pades, prepared, tmp_path / "signed.pdf")
    assert copy.level is SignatureLevel.B_LTA


def test_an_elliptic_key_signs_too(hsm: SoftHsm, store: TokenKeys, tmp_path: Path):
    private = ec.generate_private_key(ec.SECP256R1())
    elliptic(hsm, tmp_path, private, certificate=self_signed(private))
    signature = store.key("ec").sign(b"paper")
    private.public_key().verify(signature, b"paper", ec.ECDSA(SHA256()))


def test_a_lost_session_is_opened_again(store: TokenKeys):
    key = store.key("dao")
    before = key.sign(b"paper")
    assert store._session is not None
    store._session.close()
    assert key.sign(b"paper") == before


def test_a_token_that_was_away_is_used_again_when_it_is_back(
    hsm: SoftHsm, store: TokenKeys, keys: Path
):
    key = store.key("dao")
    before = key.sign(b"paper")
    hsm.destroy()
    pkcs11.lib(hsm.module).reinitialize()
    assert told(lambda: key.sign(b"paper")) is Hindrance.KEY_AWAY
    assert told(lambda: store.key("seal")) is Hindrance.KEY_AWAY
    hsm.begin()
    hsm.load(keys / "dao.p12")
    assert key.sign(b"paper") == before


def test_a_renewed_certificate_is_used_once_keys_are_forgotten(
    hsm: SoftHsm, store: TokenKeys, provider: Provider, tmp_path: Path
):
    before = store.key("dao")
    hsm.erase("dao")
    provider.enrol(tmp_path, "dao-on-token", "Nguyễn Thị Bích Đào")
    (tmp_path / "dao-on-token.p12").rename(tmp_path / "dao.p12")
    hsm.load(tmp_path / "dao.p12")
    store.forget()
    after = store.key("dao")
    assert after.certificate.dump() != before.certificate.dump()
    public = load_der_x509_certificate(after.certificate.dump()).public_key()
    assert isinstance(public, RSAPublicKey)
    public.verify(after.sign(b"paper"), b"paper", PKCS1v15(), SHA256())


def elliptic(
    hsm: SoftHsm, folder: Path, private: ec.EllipticCurvePrivateKey, *, certificate: Certificate
) -> None:
    sealed = pkcs12.serialize_key_and_certificates(
        b"ec", private, certificate, None, BestAvailableEncryption(PASSPHRASE.encode())
    )
    (folder / "ec.p12").write_bytes(sealed)
    hsm.load(folder / "ec.p12")


def test_of_two_certificates_of_a_key_the_one_that_lasts_longer_counts(
    hsm: SoftHsm, store: TokenKeys, tmp_path: Path
):
    private = ec.generate_private_key(ec.SECP256R1())
    elliptic(hsm, tmp_path, private, certificate=self_signed(private, "old"))
    for days, name in ((9, "renewed"), (5, "between")):
        hsm.certify("ec", self_signed(private, name, days=days).public_bytes(Encoding.DER))
    assert store.key("ec").common_name == "renewed"


@pytest.mark.parametrize("label", ["ec", "dao"])
def test_a_certificate_of_another_key_is_no_certificate(
    hsm: SoftHsm, store: TokenKeys, tmp_path: Path, label: str
):
    """As when only one of both was replaced."""
    private, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    elliptic(hsm, tmp_path, private, certificate=self_signed(private))
    foreign = self_signed(other).public_bytes(Encoding.DER)
    if label == "dao":
        foreign = store.key("seal").certificate.dump()
    hsm.erase(label, ObjectClass.CERTIFICATE)
    hsm.certify(label, foreign)
    assert told(lambda: store.key(label)) is Hindrance.KEY_AWAY


def test_a_key_whose_public_half_is_not_on_the_token_is_believed_its_label(
    hsm: SoftHsm, store: TokenKeys, tmp_path: Path
):
    """Only an elliptic one: the finished copy is read back in any case."""
    private = ec.generate_private_key(ec.SECP256R1())
    elliptic(hsm, tmp_path, private, certificate=self_signed(private))
    hsm.erase("ec", ObjectClass.PUBLIC_KEY)
    signature = store.key("ec").sign(b"paper")
    private.public_key().verify(signature, b"paper", ec.ECDSA(SHA256()))


class Watched:
    """A token that counts what it is shown, and whose flags a test may set."""

    def __init__(self, token: pkcs11.Token) -> None:
        self._token = token
        self.flags = token.flags
        self.shown: list[str] = []

    def open(self, *, user_pin: str) -> pkcs11.Session:
        self.shown.append(user_pin)
        return self._token.open(user_pin=user_pin)


@pytest.fixture
def watched(hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> Watched:
    token = Watched(pkcs11_keys.find_token(hsm.module, TOKEN))

    def found(module: str, label: str) -> Watched:
        assert (module, label) == (hsm.module, TOKEN)
        return token

    monkeypatch.setattr(pkcs11_keys, "find_token", found)
    return token


def test_a_wrong_pin_is_shown_to_the_token_once(hsm: SoftHsm, watched: Watched):
    store = TokenKeys(hsm.module, TOKEN, "111111")
    for _ in range(5):
        assert told(lambda: store.key("dao")) is Hindrance.WRONG_PIN
        assert told(lambda: store.key("seal")) is Hindrance.WRONG_PIN
    assert watched.shown == ["111111"]


@pytest.mark.parametrize("flag", [TokenFlag.USER_PIN_FINAL_TRY, TokenFlag.USER_PIN_LOCKED])
def test_a_pin_whose_mistake_would_lock_the_token_is_not_shown(
    store: TokenKeys, watched: Watched, flag: TokenFlag
):
    """SoftHSM never locks itself: the flag that hardware would show is made up."""
    watched.flags |= flag
    assert told(lambda: store.key("dao")) is Hindrance.WRONG_PIN
    assert watched.shown == []


@pytest.mark.parametrize("label", ["nobody", "Simulated Root CA"])
def test_a_key_that_is_not_there_is_told_and_found_when_it_is(store: TokenKeys, label: str):
    assert told(lambda: store.key(label)) is Hindrance.KEY_AWAY
    assert store.key("dao").common_name == "Nguyễn Thị Bích Đào"


def test_a_module_or_token_that_is_not_there_is_told(hsm: SoftHsm, tmp_path: Path):
    assert told(lambda: TokenKeys(str(tmp_path / "no.so"), TOKEN, PIN).key("dao")) is (
        Hindrance.KEY_AWAY
    )
    assert told(lambda: TokenKeys(hsm.module, "another", PIN).key("dao")) is Hindrance.KEY_AWAY


def test_the_chain_lies_on_the_token(store: TokenKeys):
    assert {str(one.subject.native["common_name"]) for one in store.key("dao").chain} == {
        "Simulated Root CA",
        "Simulated Issuing CA",
    }
