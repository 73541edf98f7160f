"""A strict validator: pyHanko's AdES validation of EN 319 102-1, at some time in the future."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.ades import simulate_future_ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager


async def holds_for_years(content: BytesIO, roots: Path, *, years: int) -> Mapping[str, object]:
    """What is said of each signature then, if the archive time-stamp is renewed till then."""
    reader = PdfFileReader(content)
    later = datetime.now(UTC) + timedelta(days=365 * years)
    return {
        signature.field_name: (
            await simulate_future_ades_lta_validation(signature, _rules(roots), later)
        ).ades_subindic
        for signature in reader.embedded_regular_signatures
    }


def _rules(roots: Path) -> PdfSignatureValidationSpec:
    trusted = SimpleTrustManager.build(trust_roots=list(load_certs_from_pemder([str(roots)])))
    revocation = CertRevTrustPolicy(RevocationCheckingPolicy.from_legacy("require"))
    return PdfSignatureValidationSpec(
        SignatureValidationSpec(
            cert_validation_policy=CertValidationPolicySpec(
                trust_manager=trusted, revinfo_policy=revocation
            ),
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY
            ),
        )
    )
