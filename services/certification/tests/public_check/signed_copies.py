"""Copies signed twice without a network: an authority of our own, two signatures, its time-stamps.

Written with pyHanko, as what is tested is; the independent checks with other programs stand where
the copies of the service itself are tested.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pikepdf
from asn1crypto import crl as asn1_crl
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers, timestamps
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
)
from pyhanko.sign.signers.pdf_signer import DSSContentSettings, SigDSSPlacementPreference
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from motcua_contracts.types import SignatureLevel

NOW = datetime.now(UTC)
_TOGETHER = DSSContentSettings(
    include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
)
DER = serialization.Encoding.DER


@dataclass(frozen=True)
class Identity:
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def asn1(self) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(self.certificate.public_bytes(DER))

    def asn1_key(self) -> asn1_keys.PrivateKeyInfo:
        pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return asn1_keys.PrivateKeyInfo.load(self.key.private_bytes(DER, pkcs8, plain))


class Authority:
    """A root, a person, a seal and a clock of its own, and its list of revoked certificates."""

    def __init__(self, name: str) -> None:
        self._key = _new_key()
        self._name = _name(name)
        self.root = Identity(self._issue(self._name, self._key), self._key)
        self.person = self._give("Nguyễn Thị Ngọc Ánh")
        self.seal = self._give("Sở Tư pháp")
        self.clock = self._give("Dấu thời gian", ExtendedKeyUsageOID.TIME_STAMPING)

    def pem(self) -> bytes:
        return self.root.certificate.public_bytes(serialization.Encoding.PEM)

    def store(self) -> SimpleCertificateStore:
        store = SimpleCertificateStore()
        store.register(self.root.asn1())
        return store

    def context(self) -> ValidationContext:
        return ValidationContext(
            trust_roots=[self.root.asn1()],
            crls=[self._revocations()],
            allow_fetching=False,
            revocation_mode="require",
        )

    def time_stamper(self) -> timestamps.TimeStamper:
        return timestamps.DummyTimeStamper(
            tsa_cert=self.clock.asn1(), tsa_key=self.clock.asn1_key(), certs_to_embed=self.store()
        )

    def _give(self, name: str, *usages: x509.ObjectIdentifier) -> Identity:
        key = _new_key()
        return Identity(self._issue(_name(name), key, *usages), key)

    def _issue(
        self, name: x509.Name, key: rsa.RSAPrivateKey, *usages: x509.ObjectIdentifier
    ) -> x509.Certificate:
        ca = key is self._key
        builder = (
            x509.CertificateBuilder(self._name, name, key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_usage(ca=ca), critical=True)
            .add_extension(_key_id(key), critical=False)
            .add_extension(_authority_id(self._key), critical=False)
        )
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=True)
        return builder.sign(self._key, hashes.SHA256())

    def _revocations(self) -> asn1_crl.CertificateList:
        crl = (
            x509.CertificateRevocationListBuilder(self._name)
            .last_update(NOW - timedelta(minutes=5))
            .next_update(NOW + timedelta(days=7))
            .add_extension(_authority_id(self._key), critical=False)
            .add_extension(x509.CRLNumber(1), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return asn1_crl.CertificateList.load(crl.public_bytes(DER))


async def signed(
    content: bytes, authority: Authority, *, level: SignatureLevel = SignatureLevel.B_LTA
) -> bytes:
    """`content` with both signatures: the person's certifies, then the seal locks every field."""
    first = await sign(content, authority, authority.person, level=level)
    return await sign(first, authority, authority.seal, level=level)


async def sign(
    content: bytes, authority: Authority, signer: Identity, *, level: SignatureLevel
) -> bytes:
    """One more signature: it certifies if it is the person's."""
    certifies = signer is authority.person
    name = signer.fingerprint[:8]
    lock = None if certifies else FieldMDPSpec(FieldMDPAction.ALL)
    metadata = signers.PdfSignatureMetadata(
        field_name=name,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=certifies,
        docmdp_permissions=MDPPerm.FILL_FORMS,
        validation_context=authority.context(),
        embed_validation_info=level is not SignatureLevel.B_T,
        use_pades_lta=level is SignatureLevel.B_LTA and not certifies,
        dss_settings=_TOGETHER,
    )
    output = BytesIO()
    await signers.PdfSigner(
        metadata,
        signers.SimpleSigner(
            signing_cert=signer.asn1(),
            signing_key=signer.asn1_key(),
            cert_registry=authority.store(),
        ),
        timestamper=authority.time_stamper(),
        new_field_spec=SigFieldSpec(name, field_mdp_spec=lock),
    ).async_sign_pdf(IncrementalPdfFileWriter(BytesIO(content)), output=output)
    return output.getvalue()


def paper(*, pages: int = 3, link: str = "") -> bytes:
    """A document whose pages differ, with the link of its check where a reader finds it."""
    pdf, output = pikepdf.Pdf.new(), BytesIO()
    for page in range(pages):
        pdf.add_blank_page()
        pdf.pages[-1].Contents = pdf.make_stream(b"0.5 g %d 100 200 200 re f " % (100 + page) * 200)
    if link:
        pdf.docinfo["/CheckLink"] = link
    pdf.save(output)
    return output.getvalue()


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


def _key_id(key: rsa.RSAPrivateKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def _authority_id(key: rsa.RSAPrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
