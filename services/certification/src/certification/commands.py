"""What officers and authorised persons do to a copy, once it is known that they may."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from certification.domain import (
    CopyState,
    CopyStep,
    fee,
    require_approvable,
    require_open,
    require_reason,
    step,
)
from certification.models import Copy, Dossier, ScanPart
from certification.permissions import locked, served, signatory
from certification.ports import Certificate, CopySigner, Hindered, Hindrance
from certification.refusals import CopyUnderWay, SigningUnderWay
from certification.sealing import Request
from certification.work import CertificationWork
from chassis import correlation
from chassis.access import Principal, Role
from chassis.clock import uuid7
from chassis.errors import Forbidden
from motcua_contracts.types import PaperKind, ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The original as it was scanned, and the clean PDF that was made of it."""

    parts: Sequence[ScanPart]
    sha256: str
    clean_sha256: str
    pages: int


@dataclass(frozen=True, slots=True)
class Brought:
    """What a clerk saw: which paper, for whom, and its scan."""

    clerk: Principal
    paper_kind: PaperKind
    request: Request
    scan: Scan


async def requestable(dossier_id: str, work: CertificationWork, clerk: Principal) -> Dossier:
    """The dossier, locked, if a copy can be asked for in it: one, whatever becomes of it."""
    dossier = served(await work.dossiers.locked(dossier_id), clerk)
    require_open(dossier)
    if await work.copies.any_of(dossier.id):
        raise CopyUnderWay
    return dossier


async def request_copy(dossier_id: str, work: CertificationWork, brought: Brought) -> Copy:
    """The copy of a dossier; what it costs is due now."""
    dossier = await requestable(dossier_id, work, brought.clerk)
    copy = _copy(dossier, work, brought)
    work.request(copy)
    return copy


async def replaceable(
    copy_id: str, work: CertificationWork, clerk: Principal, *, reason: ReasonCode
) -> tuple[Copy, Dossier]:
    """The copy and its dossier, locked, if another may take its place."""
    old, dossier = await locked(copy_id, work, clerk)
    require_reason(reason, CopyStep.REPLACE)
    step(old.state, CopyStep.REPLACE)
    if await work.copies.unfinished_of(dossier.id):
        raise CopyUnderWay
    return old, dossier


async def replace_copy(
    copy_id: str, work: CertificationWork, brought: Brought, *, reason: ReasonCode
) -> Copy:
    """Another copy for a certified one, free of charge; the old one holds until it is signed."""
    old, dossier = await replaceable(copy_id, work, brought.clerk, reason=reason)
    copy = _copy(dossier, work, brought)
    copy.state, copy.fee = CopyState.READY, 0
    copy.replaces, copy.replaces_for = old.id, reason
    work.begin_replacement(copy)
    return copy


async def approve_copy(
    copy_id: str,
    work: CertificationWork,
    signer: Principal,
    *,
    certificates: tuple[Certificate, Certificate],
) -> Copy:
    """Record that it is to be signed, with everything that will then be true of it."""
    signatory(work, signer)
    copy, dossier = await locked(copy_id, work, signer)
    require_approvable(
        copy, dossier, signer=signer.subject, clerk_may_sign=work.office.clerk_may_sign
    )
    if copy.replaces:
        step((await work.copies.get(copy.replaces)).state, CopyStep.REPLACE)
    await work.approve(copy, signer.subject, certificates)
    return copy


async def refuse_copy(
    copy_id: str, work: CertificationWork, official: Principal, *, reason: ReasonCode
) -> Copy:
    """No copy is certified. What was approved already only an authorised person gives up, and not
    in the middle of a signature.
    """
    copy, _ = await locked(copy_id, work, official)
    require_reason(reason, CopyStep.REFUSE)
    if copy.state is CopyState.SIGNING:
        if Role.SIGNER not in official.roles:
            raise Forbidden(f"a copy that is approved needs the role: {Role.SIGNER}")
        signatory(work, official)
        if copy.leased_until and copy.leased_until > await work.copies.database_time():
            raise SigningUnderWay
    await work.refuse(copy, reason)
    return copy


async def revoke_copy(
    copy_id: str, work: CertificationWork, signer: Principal, *, reason: ReasonCode
) -> Copy:
    """The copy holds no longer."""
    copy, _ = await locked(copy_id, work, signer)
    signatory(work, signer)
    require_reason(reason, CopyStep.REVOKE)
    await work.revoke(copy, reason)
    return copy


async def usable_certificates(
    signer: CopySigner, key: str, *, now: datetime, seconds: float
) -> tuple[Certificate, Certificate]:
    """Those of a person and of the seal, if both can be signed with now. Raises `Hindered`."""
    try:
        async with asyncio.timeout(seconds):
            certificates = await signer.certificates(key)
    except TimeoutError:
        raise Hindered(Hindrance.KEY_AWAY, "the key store did not answer in time") from None
    if any(certificate.not_after <= now for certificate in certificates):
        raise Hindered(Hindrance.CERTIFICATE_EXPIRED)
    return certificates


def _copy(dossier: Dossier, work: CertificationWork, brought: Brought) -> Copy:
    cause, copy_id, scan = correlation.current(), str(uuid7()), brought.scan
    return Copy(
        id=copy_id,
        dossier_id=dossier.id,
        agency=dossier.agency,
        paper_kind=brought.paper_kind,
        requested_at=work.now,
        changed_at=work.now,
        clerk=brought.clerk.subject,
        scan_sha256=scan.sha256,
        scan_parts=[*scan.parts],
        clean_sha256=scan.clean_sha256,
        pages=scan.pages,
        fee=fee(scan.pages),
        request=work.sealing.seal_request(copy_id, brought.request),
        requester_index=work.sealing.requester_index(brought.request.id_number),
        correlation_id=cause.correlation_id,
        causation_id=cause.causation_id,
        traceparent=cause.traceparent,
    )
