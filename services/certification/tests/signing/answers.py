"""Servers that answer anything at all, and a key whose certificate leads to them."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from asn1crypto import x509 as asn1_x509
from asn1crypto.parser import emit
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from certification.keys import Key
from certification.trust import Trust

DAY = timedelta(days=1)


@dataclass
class Answers:
    """What is answered at each path, and how it says what it is."""

    port: int = 0
    bodies: dict[str, bytes] = field(default_factory=dict[str, bytes])
    media_type: str = "application/timestamp-reply"

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @classmethod
    @contextmanager
    def given(cls) -> Generator["Answers"]:
        answers = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = answers.bodies.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Type", answers.media_type)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            do_POST = do_GET  # noqa: N815 - the name that http.server looks for

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        answers.port = server.server_port
        Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        try:
            yield answers
        finally:
            server.shutdown()
            server.server_close()


class Issuer:
    """An authority whose responder and list are at `answers`, and one key that it certified."""

    def __init__(self, answers: Answers) -> None:
        self._private = generate_private_key(SECP256R1())
        self._name = _name("Issuer")
        root = _converted(self._issued(self._name, ca=True))
        self.trust = Trust(roots=[root], authorities=[])
        self.key = Key("key", _converted(self._issued(_name("Key"), answers)), [root], _no_signing)

    def crl(self) -> bytes:
        """In which nobody is revoked that is asked about."""
        return self._list().public_bytes(Encoding.DER)

    def crl_with_a_strange_entry(self) -> bytes:
        """Signed, and what it says about one certificate is no list of anything."""
        told = self._list()
        serial = told[0].serial_number.to_bytes(1, "big")
        tbs = told.tbs_certlist_bytes.replace(b"\x02\x01" + serial, b"\x05\x01" + serial)
        signature = self._private.sign(tbs, ECDSA(SHA256()))
        parts = tbs + bytes.fromhex("300a06082a8648ce3d040302") + emit(0, 0, 3, b"\0" + signature)
        return emit(0, 1, 16, parts)

    def _list(self) -> x509.CertificateRevocationList:
        now = datetime.now(UTC)
        somebody = x509.RevokedCertificateBuilder(serial_number=77, revocation_date=now - DAY)
        builder = (
            x509.CertificateRevocationListBuilder(self._name)
            .last_update(now - DAY)
            .next_update(now + DAY)
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_revoked_certificate(somebody.build())
        )
        return builder.sign(self._private, SHA256())

    def _issued(
        self, name: x509.Name, answers: Answers | None = None, *, ca: bool = False
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(self._name, name, self._private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_usage(ca=ca), critical=True)
        )
        for extension in _whereabouts(answers) if answers else ():
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self._private, SHA256())


def _whereabouts(answers: Answers) -> tuple[x509.ExtensionType, ...]:
    ocsp, crl = (
        x509.UniformResourceIdentifier(answers.url(path)) for path in ("/ocsp", "/list.crl")
    )
    return (
        x509.AuthorityInformationAccess(
            [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, ocsp)]
        ),
        x509.CRLDistributionPoints([x509.DistributionPoint([crl], None, None, None)]),
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=not ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _converted(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _no_signing(content: bytes) -> bytes:
    raise AssertionError("nothing is to be signed")
