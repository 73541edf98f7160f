"""A SoftHSM token, as an operator makes one."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pkcs11
import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from pkcs11 import Attribute, CertificateType, ObjectClass

from .provider import PASSPHRASE, run

PIN, SO_PIN, TOKEN = "246802", "135791", "motcua"
_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)


@dataclass(frozen=True)
class SoftHsm:
    program: str
    module: str
    folder: Path

    @classmethod
    @contextmanager
    def made(cls, program: str, folder: Path) -> Generator["SoftHsm"]:
        """With nothing on it, and the environment set so that the module finds it."""
        module = next(path for path in _MODULES if Path(path).exists())
        (folder / "tokens").mkdir()
        settings = folder / "softhsm2.conf"
        settings.write_text(
            f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n"
            "log.level = ERROR\nslots.removable = true\n"
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOFTHSM2_CONF", str(settings))
            hsm = cls(program, module, folder)
            hsm.begin()
            yield hsm

    def begin(self) -> None:
        run(self.program, "--init-token", "--free", *self._named, "--so-pin", SO_PIN, "--pin", PIN)

    def destroy(self) -> None:
        run(self.program, "--delete-token", "--token", TOKEN)

    @property
    def _named(self) -> tuple[str, ...]:
        return "--label", TOKEN

    def load(self, file: Path, *, other: tuple[str, ...] = ()) -> None:
        """Put a key with its certificate and those above it on the token."""
        opened = pkcs12.load_pkcs12(file.read_bytes(), PASSPHRASE.encode())
        assert opened.key is not None
        assert opened.cert is not None
        private = opened.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "key.pem").write_bytes(private)
        number = f"{len(list(self.folder.iterdir())):02x}{os.getpid() % 256:02x}"
        label = file.stem
        run(
            *(self.program, "--import", self.folder / "key.pem", "--token", TOKEN, "--pin", PIN),
            *("--label", label, "--id", number),
        )
        (self.folder / f"{label}.loaded").touch()
        with self.session() as session:
            _put(session, label, opened.cert.certificate.public_bytes(Encoding.DER))
            for above in opened.additional_certs:
                name = above.certificate.subject.rfc4514_string()
                _put(session, name, above.certificate.public_bytes(Encoding.DER))

    @contextmanager
    def session(self) -> Generator[pkcs11.Session]:
        library = pkcs11.lib(self.module)
        library.reinitialize()
        token = library.get_token(token_label=TOKEN)
        with token.open(user_pin=PIN, rw=True) as session:
            yield session

    def certify(self, label: str, certificate: bytes) -> None:
        """Put one more certificate on the token."""
        with self.session() as session:
            _put(session, label, certificate)

    def erase(self, label: str, *classes: ObjectClass) -> None:
        """What has a label, of these classes or of all."""
        with self.session() as session:
            for found in list(session.get_objects({Attribute.LABEL: label})):
                if not classes or found[Attribute.CLASS] in classes:
                    found.destroy()


def _put(session: pkcs11.Session, label: str, certificate: bytes) -> None:
    parsed = x509.Certificate.load(certificate)
    session.create_object(
        {
            Attribute.CLASS: ObjectClass.CERTIFICATE,
            Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
            Attribute.TOKEN: True,
            Attribute.LABEL: label,
            Attribute.SUBJECT: parsed.subject.dump(),
            Attribute.VALUE: certificate,
        }
    )
