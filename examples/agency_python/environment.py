"""Print the settings of one agency's system in a local motcua, for a shell to take up.

`eval "$(python environment.py H42.10 approve)"` in the root of the checkout.
"""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

LOCAL = Path("var/local")


def environment(code: str, policy: str) -> dict[str, str]:
    """What `motcua up` gives to the agency's system, from the files that it leaves."""
    endpoints = _read("endpoints.json")
    kafka, client = endpoints["kafka"], f"agency-{code}"
    secrets = _read("data/identity/clients.json")
    if client not in secrets:
        known = (name.removeprefix("agency-") for name in secrets if name.startswith("agency-"))
        raise SystemExit(f"there is no agency {code} here: {', '.join(known)}")
    return {
        "AGENCY_CODE": code,
        "AGENCY_POLICY": policy,
        "AGENCY_STORE": str(LOCAL / "data" / client / "store.sqlite"),
        "AGENCY_CLIENT_ID": client,
        "AGENCY_CLIENT_SECRET": secrets[client],
        "INTAKE_URL": endpoints["services"]["intake"]["url"],
        "OIDC_ISSUER": endpoints["identity"]["issuer"],
        "KAFKA_BOOTSTRAP_SERVERS": kafka["bootstrap"],
        "KAFKA_SECURITY_PROTOCOL": kafka["security_protocol"],
        "KAFKA_SASL_MECHANISM": kafka["sasl_mechanism"],
        "KAFKA_USERNAME": kafka["principals"][client]["username"],
        "KAFKA_PASSWORD": kafka["principals"][client]["password"],
    }


def _read(path: str) -> dict[str, Any]:
    try:
        return json.loads((LOCAL / path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SystemExit(
            f"no {LOCAL / path} here: `motcua up` writes it, in the checkout"
        ) from None


if __name__ == "__main__":
    match sys.argv[1:]:
        case [code, policy]:
            settings = environment(code, policy)
        case _:
            raise SystemExit("environment.py CODE POLICY, such as H42.10 approve")
    for name, value in settings.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
