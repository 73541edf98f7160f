"""What each program is told about the others: addresses, credentials, folders."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from motcua_local.credentials import Credentials
from motcua_local.kafka_settings import broker_names
from motcua_local.ports import HOST

SERVICES = ("intake", "payment", "certification", "notification")
SIMULATORS = ("identity", "vnpay", "mail", "trust")
AGENCIES: Mapping[str, str] = {"H42.10": "approve", "H42.11": "supplement-first"}
"""Agency code to how its system works: justice decides, planning asks for a supplement first."""


@dataclass(frozen=True)
class AuthorisedSigner:
    """Who signs certified copies here: subject at the identity provider, and key."""

    subject: str
    key: str
    name: str
    title: str
    agency: str


SIGNER = AuthorisedSigner(
    subject="79a34e74-5877-4ba6-b072-4717eeb3bc07",
    key="hoang-van-minh",
    name="Hoàng Văn Minh",
    title="Phó Giám đốc",
    agency="Trung tâm Phục vụ hành chính công tỉnh Ninh Bình",
)
SEAL = "seal"
"""The key of the agency's seal."""

AUDIENCE = "motcua"
VNPAY_TERMINAL = "MOTCUA01"


@dataclass(frozen=True)
class Surroundings:
    """The addresses of one running stack. `ports` are by name, of programs and `mail-smtp`, and of
    each broker of Kafka.
    """

    folder: Path
    ports: Mapping[str, int]
    credentials: Credentials
    brokers: int = 1

    def url(self, name: str) -> str:
        """Where a program answers HTTP."""
        return f"http://{HOST}:{self.ports[name]}"

    def database_password(self, service: str) -> str:
        return self.credentials.password(f"postgres-{service}")

    def database_url(self, service: str) -> str:
        password = self.database_password(service)
        return f"postgresql://{service}:{password}@{HOST}:{self.ports['postgres']}/{service}"

    def kafka(self, principal: str) -> dict[str, str]:
        """The variables by which a program logs in to Kafka."""
        brokers = [f"{HOST}:{self.ports[name]}" for name in broker_names(self.brokers)]
        return {
            "KAFKA_BOOTSTRAP_SERVERS": ",".join(brokers),
            "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_USERNAME": principal,
            "KAFKA_PASSWORD": self.credentials.password(f"kafka-{principal}"),
            # Whoever kills a service to see what happens should not wait long for its return.
            "KAFKA_SESSION_SECONDS": "10",
        }

    def keyring(self, name: str) -> str:
        """Encryption keys as JSON: the active key's id, the keys, the key of the blind index."""
        key, index = self.credentials.key(f"{name}-key-1"), self.credentials.key(f"{name}-index")
        return json.dumps({"active": "k1", "keys": {"k1": key}, "index": index})

    def client_secrets(self) -> dict[str, str]:
        """Secrets of the identity provider's confidential clients, by client id."""
        clients = [*(f"agency-{code}" for code in AGENCIES), "operator-cli"]
        return {client: self.credentials.password(f"oidc-{client}") for client in clients}

    @property
    def trust_folder(self) -> Path:
        """The simulated authority's own. Its certificates name its address for ever, so at another
        port it is another authority.
        """
        return self.folder / "data" / f"trust-{self.ports['trust']}"

    @property
    def keys_folder(self) -> Path:
        """Where the key files of certification lie."""
        return self.folder / "data" / f"certification-keys-{self.ports['trust']}"

    @property
    def trust_roots(self) -> Path:
        """Root certificates that certification believes, those of earlier authorities too."""
        return self.folder / "data" / "trust-roots.pem"

    def keys_passphrase(self) -> str:
        return self.credentials.password("certification-keys")

    def vnpay_secret(self) -> str:
        return self.credentials.password("vnpay-hash-secret")


def service_environment(service: str, around: Surroundings) -> dict[str, str]:
    """Everything that one service reads from its environment."""
    prefix = service.upper()
    own = {
        "intake": _intake,
        "payment": _payment,
        "certification": _certification,
        "notification": _notification,
    }[service]
    return {
        f"{prefix}_DATABASE_URL": around.database_url(service),
        f"{prefix}_HTTP_HOST": HOST,
        f"{prefix}_HTTP_PORT": str(around.ports[service]),
        **around.kafka(service),
        "OIDC_ISSUER": around.url("identity"),
        "OIDC_AUDIENCE": AUDIENCE,
        **own(around),
    }


def agency_environment(code: str, around: Surroundings) -> dict[str, str]:
    """Everything that the system of one agency reads from its environment."""
    client = f"agency-{code}"
    return {
        "AGENCY_CODE": code,
        "AGENCY_STORE": str(around.folder / "data" / client / "store.sqlite"),
        "AGENCY_POLICY": AGENCIES[code],
        "AGENCY_CLIENT_ID": client,
        "AGENCY_CLIENT_SECRET": around.client_secrets()[client],
        "INTAKE_URL": around.url("intake"),
        "OIDC_ISSUER": around.url("identity"),
        **around.kafka(client),
    }


def _intake(around: Surroundings) -> dict[str, str]:
    return {
        "INTAKE_FILES_FOLDER": str(around.folder / "data" / "files"),
        "INTAKE_ENCRYPTION_KEYS": around.keyring("intake"),
        "INTAKE_RECIPIENTS_KEYS": around.keyring("recipients"),
    }


def _payment(around: Surroundings) -> dict[str, str]:
    vnpay = around.url("vnpay")
    return {
        "PAYMENT_VNPAY_URL": f"{vnpay}/paymentv2/vpcpay.html",
        "PAYMENT_VNPAY_API_URL": f"{vnpay}/merchant_webapi/api/transaction",
        "PAYMENT_VNPAY_TMN_CODE": VNPAY_TERMINAL,
        "PAYMENT_VNPAY_HASH_SECRET": around.vnpay_secret(),
        "PAYMENT_PUBLIC_URL": around.url("payment"),
    }


def _certification(around: Surroundings) -> dict[str, str]:
    signer = {"key": SIGNER.key, "name": SIGNER.name, "title": SIGNER.title}
    return {
        "CERTIFICATION_FILES_FOLDER": str(around.folder / "data" / "certification-files"),
        "CERTIFICATION_ENCRYPTION_KEYS": around.keyring("certification"),
        "CERTIFICATION_PUBLIC_URL": around.url("certification"),
        "CERTIFICATION_AGENCY": "H42.01",
        "CERTIFICATION_AGENCY_NAME": SIGNER.agency,
        "CERTIFICATION_PLACE": "Ninh Bình",
        "CERTIFICATION_SIGNERS": json.dumps({SIGNER.subject: signer}),
        "CERTIFICATION_SEAL_KEY": SEAL,
        # The authorities here answer at once. (A killed process's copy is taken up again after
        # twenty seconds, whatever stands here.)
        "CERTIFICATION_SIGNING_SECONDS": "5",
        "CERTIFICATION_KEYS_KIND": "files",
        "CERTIFICATION_KEYS_FOLDER": str(around.keys_folder),
        "CERTIFICATION_KEYS_PASSPHRASE": around.keys_passphrase(),
        "CERTIFICATION_TSA_URL": f"{around.url('trust')}/tsa",
        "CERTIFICATION_TRUST_ROOTS": str(around.trust_roots),
    }


def _notification(around: Surroundings) -> dict[str, str]:
    return {
        "NOTIFICATION_SMTP_HOST": HOST,
        "NOTIFICATION_SMTP_PORT": str(around.ports["mail-smtp"]),
        # A killed sender's claim runs out after three of these; the sink here answers at once.
        "NOTIFICATION_SMTP_TIMEOUT_SECONDS": "5",
        "NOTIFICATION_SENDER": "Một cửa điện tử <khong-tra-loi@motcua.example>",
        "NOTIFICATION_ENCRYPTION_KEYS": around.keyring("notification"),
        "NOTIFICATION_RECIPIENTS_KEYS": around.keyring("recipients"),
    }


def endpoints(around: Surroundings, principals: tuple[str, ...]) -> dict[str, object]:
    """What other programs read to find everything: the content of `endpoints.json`."""
    logins = {name: around.kafka(name) for name in principals}
    any_login = next(iter(logins.values()))
    return {
        "kafka": {
            "bootstrap": any_login["KAFKA_BOOTSTRAP_SERVERS"],
            "security_protocol": any_login["KAFKA_SECURITY_PROTOCOL"],
            "sasl_mechanism": any_login["KAFKA_SASL_MECHANISM"],
            "principals": {
                name: {"username": login["KAFKA_USERNAME"], "password": login["KAFKA_PASSWORD"]}
                for name, login in logins.items()
            },
        },
        "postgres": {service: around.database_url(service) for service in SERVICES},
        "services": {
            service: {"url": around.url(service), "metrics": f"{around.url(service)}/metrics"}
            for service in SERVICES
        },
        "identity": {"issuer": around.url("identity")},
        "mail": {"url": around.url("mail")},
        "trust": {"url": around.url("trust")},
        "gateways": {"vnpay": {"url": around.url("vnpay")}},
    }
