"""From the environment to a desk and a way to Kafka."""

import os
from collections.abc import Mapping
from functools import partial

from agency.desk import Desk, Policy
from agency.result import Intake
from agency.store import Store

RESULT_KINDS = {
    "approve": "judicial-record-certificate",
    "supplement-first": "business-registration-certificate",
}
"""What paper the agency hands out, by the procedure's own word for it."""

_DESK = ("AGENCY_STORE", "AGENCY_CODE", "AGENCY_POLICY")
_INTAKE = ("INTAKE_URL", "OIDC_ISSUER", "AGENCY_CLIENT_ID", "AGENCY_CLIENT_SECRET")
_KAFKA = {
    "KAFKA_BOOTSTRAP_SERVERS": "bootstrap_servers",
    "KAFKA_SECURITY_PROTOCOL": "security_protocol",
    "KAFKA_SASL_MECHANISM": "sasl_mechanism",
    "KAFKA_USERNAME": "sasl_plain_username",
    "KAFKA_PASSWORD": "sasl_plain_password",
}


def read(environment: Mapping[str, str] = os.environ) -> tuple[Desk, dict[str, str]]:
    """The desk, and aiokafka's options. Raises SystemExit naming every variable to mend."""
    missing = [name for name in (*_DESK, *_INTAKE, *_KAFKA) if not environment.get(name)]
    if missing:
        raise SystemExit(f"agency: set {', '.join(missing)}; README.md says where from")
    store, code, policy = (environment[name] for name in _DESK)
    if policy not in RESULT_KINDS:
        raise SystemExit(f"agency: AGENCY_POLICY must be one of {', '.join(RESULT_KINDS)}")
    intake = Intake(*(environment[name] for name in _INTAKE))
    desk = Desk(
        Store(store, code), Policy(policy), partial(intake.upload, kind=RESULT_KINDS[policy])
    )
    return desk, {option: environment[name] for name, option in _KAFKA.items()}
