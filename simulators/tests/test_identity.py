"""Signing in, tokens for systems, keys that change, and tokens that are wrong on purpose."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from simulators.errors import SimulatorError
from simulators.running import RunningSimulator

from .conftest import http

VERIFIER = "a-verifier-that-has-at-least-forty-three-characters"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
REDIRECT = "http://127.0.0.1:49152/callback"

Json = dict[str, object]


@pytest.fixture(scope="module")
def clients_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("identity") / "clients.json"
    path.write_text('{"agency-H42.10": "justice", "operator-cli": "operations"}')
    return path


@pytest.fixture(scope="module")
def shared_identity(clients_file: Path) -> Iterator[RunningSimulator]:
    with RunningSimulator("identity", "--clients-file", str(clients_file)) as running:
        yield running


@pytest.fixture
def identity(shared_identity: RunningSimulator) -> RunningSimulator:
    http.delete(f"{shared_identity.url}/_faults").raise_for_status()
    return shared_identity


def unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def number(part: str) -> int:
    return int.from_bytes(unpacked(part), "big")


def jwks(identity: RunningSimulator) -> list[dict[str, str]]:
    keys: list[dict[str, str]] = http.get(f"{identity.url}/jwks").json()["keys"]
    return keys


def check(token: str, key: dict[str, str]) -> None:
    """Raises InvalidSignature unless the key signed the token."""
    signed, _, signature = token.rpartition(".")
    raw = unpacked(signature)
    if key["kty"] == "RSA":
        public = rsa.RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()
        public.verify(raw, signed.encode(), padding.PKCS1v15(), SHA256())
        return
    curve = ec.SECP256R1()
    point = ec.EllipticCurvePublicNumbers(number(key["x"]), number(key["y"]), curve).public_key()
    halves = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    point.verify(encode_dss_signature(*halves), signed.encode(), ec.ECDSA(SHA256()))


def read(token: str) -> tuple[Json, Json]:
    header, payload, _ = token.split(".")
    return json.loads(unpacked(header)), json.loads(unpacked(payload))


def verified(identity: RunningSimulator, token: str) -> Json:
    header, payload = read(token)
    [key] = [key for key in jwks(identity) if key["kid"] == header["kid"]]
    assert header["alg"] == key["alg"]
    check(token, key)
    return payload


def authorization(**changes: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": "motcua-portal",
        "redirect_uri": REDIRECT,
        "scope": "openid profile",
        "state": "s-1",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }


def sign_in(identity: RunningSimulator, **changes: str) -> dict[str, str]:
    """What comes back to the portal in the query of its redirect."""
    form = {"person": "nguyen-thi-dao", **authorization(**changes)}
    answer = http.post(f"{identity.url}/authorize", data=form)
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"].startswith(form["redirect_uri"])
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def redeem(identity: RunningSimulator, code: str, **changes: str) -> httpx2.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": "motcua-portal",
        "redirect_uri": REDIRECT,
        "code": code,
        "code_verifier": VERIFIER,
        **changes,
    }
    return http.post(f"{identity.url}/token", data=form)


def system_token(identity: RunningSimulator, client: str, secret: str) -> httpx2.Response:
    form = {"grant_type": "client_credentials"}
    return http.post(f"{identity.url}/token", data=form, auth=(client, secret))


def mint(identity: RunningSimulator, **wish: object) -> str:
    answer = http.post(f"{identity.url}/_tokens", json=wish).raise_for_status()
    return str(answer.json()["access_token"])


def test_a_citizen_signs_in_with_the_code_flow(identity: RunningSimulator) -> None:
    metadata = http.get(f"{identity.url}/.well-known/openid-configuration").json()
    page = http.get(f"{metadata['authorization_endpoint']}?{urlencode(authorization())}")
    assert "Nguyễn Thị Đào" in page.text
    assert "<script" not in page.text

    back = sign_in(identity)
    assert (back["state"], back["iss"]) == ("s-1", metadata["issuer"])
    tokens = redeem(identity, back["code"]).raise_for_status().json()

    access = verified(identity, tokens["access_token"])
    assert read(tokens["access_token"])[0]["typ"] == "at+jwt"
    assert (access["iss"], access["aud"]) == (metadata["issuer"], "motcua")
    assert access["roles"] == ["citizen"]
    assert "dao" not in json.dumps(access), "the subject is opaque: it travels in events"
    person = verified(identity, tokens["id_token"])
    assert (person["aud"], person["nonce"]) == ("motcua-portal", "n-1")
    assert person["sub"] == access["sub"]
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    userinfo = http.get(metadata["userinfo_endpoint"], headers=bearer).json()
    assert (userinfo["sub"], userinfo["name"]) == (access["sub"], "Nguyễn Thị Đào")


def test_officials_carry_their_roles(identity: RunningSimulator) -> None:
    officer = read(mint(identity, person="le-thi-lan"))[1]
    signer = read(mint(identity, person="hoang-van-minh"))[1]
    operator = read(mint(identity, person="pham-van-hung"))[1]

    assert (officer["roles"], officer["agency"]) == (["officer"], "H42.01")
    assert (signer["roles"], signer["agency"]) == (["signer"], "H42.01")
    assert (operator["roles"], operator.get("agency")) == (["operator"], None)


def test_a_code_opens_once_for_who_knows_the_verifier(identity: RunningSimulator) -> None:
    wrong = redeem(
        identity, sign_in(identity, person="tran-van-binh")["code"], code_verifier="x" * 43
    )
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")

    elsewhere = redeem(
        identity,
        sign_in(identity, person="tran-van-binh")["code"],
        redirect_uri="http://127.0.0.1:1/callback",
    )
    assert elsewhere.json()["error"] == "invalid_grant"

    code = sign_in(identity, person="tran-van-binh")["code"]
    assert redeem(identity, code).status_code == 200
    assert redeem(identity, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://127.0.0.1/callback",
        "http://localhost/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://user@127.0.0.1/callback",
        "http://127.0.0.1:80x/callback",
        "http://127.0.0.1\\@evil.example/",
        "http://127.0.0.1/callback#part",
        "http://evil.example/?http://127.0.0.1/",
    ],
)
def test_nobody_is_sent_to_an_unregistered_address(identity: RunningSimulator, uri: str) -> None:
    query = urlencode(authorization(redirect_uri=uri))

    answer = http.get(f"{identity.url}/authorize?{query}")
    form = http.post(
        f"{identity.url}/authorize",
        data={**authorization(redirect_uri=uri), "person": "nguyen-thi-dao"},
    )

    assert (answer.status_code, form.status_code) == (400, 400)
    assert "Location" not in answer.headers | form.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"person": "nobody"}, "access_denied"),
    ],
)
def test_a_wrong_request_goes_back_with_the_error(
    identity: RunningSimulator, changes: dict[str, str], error: str
) -> None:
    back = sign_in(identity, **changes)

    assert (back["error"], back["state"]) == (error, "s-1")
    assert "code" not in back


def test_an_agency_system_gets_a_token_for_its_agency(identity: RunningSimulator) -> None:
    answer = system_token(identity, "agency-H42.10", "justice").raise_for_status()

    assert answer.headers["Cache-Control"] == "no-store"
    claims = verified(identity, answer.json()["access_token"])
    assert (claims["sub"], claims["roles"]) == ("agency-H42.10", ["agency-system"])
    assert claims["agency"] == "H42.10"
    posted = {
        "grant_type": "client_credentials",
        "client_id": "operator-cli",
        "client_secret": "operations",
    }
    operator = http.post(f"{identity.url}/token", data=posted).json()
    assert verified(identity, operator["access_token"])["roles"] == ["operator"]


def test_a_wrong_secret_or_unknown_client_gets_nothing(identity: RunningSimulator) -> None:
    for client, secret in (("agency-H42.10", "guess"), ("agency-H99.01", "justice")):
        answer = system_token(identity, client, secret)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_after_a_rotation_old_and_new_tokens_verify(identity: RunningSimulator) -> None:
    before = mint(identity, person="nguyen-thi-dao")
    announced = [key["kid"] for key in jwks(identity)]

    http.post(f"{identity.url}/_rotate").raise_for_status()

    after = mint(identity, person="nguyen-thi-dao")
    assert read(after)[0]["kid"] != read(before)[0]["kid"]
    assert read(after)[0]["kid"] in announced, "readers knew the new key before it signed"
    verified(identity, before)
    verified(identity, after)


def test_keys_and_so_tokens_outlive_kill_9(tmp_path: Path) -> None:
    options = ("--state-folder", str(tmp_path), "--algorithm", "RS256")
    with RunningSimulator("identity", *options) as first:
        token = mint(first, person="nguyen-thi-dao")
        http.post(f"{first.url}/_rotate").raise_for_status()
        first.kill()

    with RunningSimulator("identity", *options) as second:
        assert verified(second, token)["roles"] == ["citizen"]
        assert read(token)[0]["alg"] == "RS256"
    assert (tmp_path / "signing-keys.json").stat().st_mode & 0o077 == 0


def test_wrong_tokens_are_wrong_in_exactly_the_wished_way(identity: RunningSimulator) -> None:
    unsigned = mint(identity, person="le-thi-lan", alg="none")
    assert (read(unsigned)[0]["alg"], unsigned.endswith(".")) == ("none", True)
    confused = mint(identity, person="le-thi-lan", alg="HS256")
    assert read(confused)[0]["alg"] == "HS256"
    stranger = mint(identity, person="le-thi-lan", key="unknown")
    assert read(stranger)[0]["kid"] not in [key["kid"] for key in jwks(identity)]
    other = mint(identity, person="le-thi-lan", alg="RS256")
    assert read(other)[0]["alg"] == "RS256"
    expired = verified(identity, mint(identity, person="le-thi-lan", expiresIn=-60))
    assert isinstance(expired["exp"], int)
    assert expired["exp"] < time.time()
    claims = {"iss": "https://elsewhere", "roles": ["operator"], "aud": None}
    bent = verified(identity, mint(identity, person="le-thi-lan", claims=claims))
    assert (bent["iss"], bent["roles"], "aud" in bent) == (
        "https://elsewhere",
        ["operator"],
        False,
    )


def test_faults_spoil_the_next_token_once(identity: RunningSimulator) -> None:
    faults = [{"kind": "wrong-audience"}, {"kind": "unknown-key", "target": "operator-cli"}]
    http.put(f"{identity.url}/_faults", json=faults).raise_for_status()

    spoiled = system_token(identity, "agency-H42.10", "justice").json()["access_token"]
    right = system_token(identity, "agency-H42.10", "justice").json()["access_token"]
    stranger = system_token(identity, "operator-cli", "operations").json()["access_token"]

    assert verified(identity, spoiled)["aud"] == "somebody-else"
    assert verified(identity, right)["aud"] == "motcua"
    assert read(stranger)[0]["kid"] not in [key["kid"] for key in jwks(identity)]


def test_an_endpoint_breaks_and_recovers(identity: RunningSimulator) -> None:
    faults = [{"kind": "status-500", "target": "jwks"}, {"kind": "cut", "target": "jwks"}]
    http.put(f"{identity.url}/_faults", json=faults).raise_for_status()

    assert http.get(f"{identity.url}/jwks").status_code == 500
    with pytest.raises(httpx2.RemoteProtocolError):
        http.get(f"{identity.url}/jwks")
    assert http.get(f"{identity.url}/jwks").status_code == 200


def test_a_forged_token_opens_no_profile(identity: RunningSimulator) -> None:
    for wish in ({"alg": "none"}, {"alg": "HS256"}, {"key": "unknown"}, {"expiresIn": -1}):
        token = mint(identity, person="le-thi-lan", **wish)
        answer = http.get(f"{identity.url}/userinfo", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, wish


def test_a_signature_is_checked_by_the_test_itself(identity: RunningSimulator) -> None:
    header, payload, signature = mint(identity, person="le-thi-lan").split(".")
    forged = base64.urlsafe_b64encode(unpacked(payload).replace(b"officer", b"citizen"))
    with pytest.raises(InvalidSignature):
        verified(identity, f"{header}.{forged.rstrip(b'=').decode()}.{signature}")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[]", "must be JSON of the form"),
        ('{"somebody": "x"}', "use operator-cli or agency-<code>"),
    ],
)
def test_a_wrong_clients_file_says_what_to_do(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "clients.json"
    path.write_text(content)

    with pytest.raises(SimulatorError, match=complaint):
        RunningSimulator("identity", "--clients-file", str(path))


def test_damaged_keys_are_not_replaced_in_silence(tmp_path: Path) -> None:
    (tmp_path / "signing-keys.json").write_text('{"keys": [{"kty": "EC"}]}')

    with pytest.raises(SimulatorError, match="remove the file to start with new ones"):
        RunningSimulator("identity", "--state-folder", str(tmp_path))
