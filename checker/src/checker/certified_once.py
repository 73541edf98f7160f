"""I3: a copy is certified once, under one number, and every signature is accounted for."""

import hashlib
from collections import Counter, defaultdict

from checker.contract import ENDED_EARLY
from checker.reading import Row
from checker.run import Run
from checker.verdicts import Harm, Looks, Rule

CERTIFIED = ("certified", "revoked", "replaced")
"""States of a copy that was signed and published."""
STAMPS = {"B-T": 2, "B-LT": 2, "B-LTA": 3}
"""Time-stamps on a signed copy: each signature has one, the highest level one more."""
NOTHING = hashlib.sha256(b"").hexdigest()
"""A stamp of nothing: how a signer asks how long stamps are."""


def registers_have_no_gap(run: Run) -> Looks:
    """The numbers of a book count 1…n within a year, up to the last that was given away: none
    twice, none missing.
    """
    books: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row in run.certification.table("register_entries"):
        books[row["book"], row["year"]].append(row["number"])
    last = {
        (row["book"], row["year"]): row["last"] for row in run.certification.table("register_books")
    }
    for book, year in books.keys() | last.keys():
        numbers = books[book, year]
        counted = Counter(numbers)
        for number in range(1, max([last.get((book, year), 0), *numbers]) + 1):
            times = counted[number]
            yield None if times == 1 else f"number {number}/{year} of {book} is there {times} times"


def entries_agree_with_copies(run: Run) -> Looks:
    """A number belongs to the copy that says so; it is used by one that was certified, void where
    none was, reserved while it is signed.
    """
    states = dict.fromkeys(CERTIFIED, "used") | {"signing": "reserved", "refused": "void"}
    for row in run.certification.table("register_entries"):
        copy = run.certification.find("copies", row["copy_id"])
        name = f"number {row['number']}/{row['year']} of {row['book']}"
        if copy is None:
            yield f"{name} belongs to no copy"
        elif (copy["book"], copy["year"], copy["number"]) != (
            row["book"],
            row["year"],
            row["number"],
        ):
            yield f"{name} is not the number of copy {copy['id']}"
        elif row["state"] != states.get(copy["state"]):
            yield f"{name} is {row['state']}, and copy {copy['id']} is {copy['state']}"
        else:
            yield None


def certified_copies_have_a_number(run: Run) -> Looks:
    """Each copy that was certified stands in the register."""
    for copy in _certified(run):
        entry = run.certification.find("register_entries", copy["id"], "copy_id")
        yield None if entry else f"copy {copy['id']} is {copy['state']} without a number"


def dossiers_have_one_valid_copy(run: Run) -> Looks:
    """Of a dossier one copy is asked for, and at most one is valid; of one that ended without a
    result none is.
    """
    for dossier_id, copies in run.certification.groups("copies", "dossier_id").items():
        valid = [copy["id"] for copy in copies if copy["state"] == "certified"]
        first = [copy["id"] for copy in copies if copy["replaces"] is None]
        dossier = run.intake.find("dossiers", dossier_id)
        if len(valid) > 1 or len(first) > 1:
            yield f"dossier {dossier_id} has several copies: {', '.join([*valid, *first])}"
        elif valid and dossier and dossier["status"] in ENDED_EARLY:
            yield f"copy {valid[0]} is valid, and its dossier {dossier_id} is over"
        else:
            yield None


def copies_are_announced_once(run: Run) -> Looks:
    """Each copy that was certified has one `certification.copy-certified` with its number and
    digest; any other copy none.
    """
    told: dict[str, list[tuple[str, int, int, str]]] = defaultdict(list)
    for event in run.certification.announced:
        if event.fact == "certification.copy-certified":
            f = event.facts
            told[f["copyId"]].append((f["book"], f["year"], f["registerNumber"], f["sha256"]))
    for copy in run.certification.table("copies"):
        certified = copy["state"] in CERTIFIED
        own = (copy["book"], copy["year"], copy["number"], copy["sha256"])
        found = told.get(copy["id"], [])
        expected = [own] if certified else []
        yield None if found == expected else f"copy {copy['id']} was announced as {found}"


def certified_files_are_kept(run: Run) -> Looks:
    """The file of each certified copy, its scan and the clean file that was signed lie in the
    store, and their bytes give their names.
    """
    stored = run.files("certification")
    for copy in run.certification.table("copies"):
        digests = [part["sha256"] for part in copy["scan_parts"]]
        digests += [copy["clean_sha256"], copy["prepared_sha256"]]
        if copy["state"] in CERTIFIED:
            digests.append(copy["sha256"])
        for digest in filter(None, digests):
            file = stored.get(digest)
            whole = file is not None and file["sha256"] == digest
            yield None if whole else f"copy {copy['id']}: the file {digest} is not whole"


def copies_were_signed_once(run: Run) -> Looks:
    """Each certified copy has one finished attempt to sign, with its digest, begun when its number
    was fixed; any other copy none.
    """
    attempts = run.certification.groups("signing_attempts", "copy_id")
    for copy in run.certification.table("copies"):
        finished = [row for row in attempts.get(copy["id"], ()) if row["state"] == "finished"]
        entry = run.certification.find("register_entries", copy["id"], "copy_id")
        expected = [copy["sha256"]] if copy["state"] in CERTIFIED else []
        if [row["sha256"] for row in finished] != expected:
            yield f"copy {copy['id']} ({copy['state']}) was signed {len(finished)} times"
        elif attempts.get(copy["id"]) and entry is None:
            yield f"copy {copy['id']} was signed before it had a number"
        else:
            yield None


def attempts_have_a_copy_under_a_number(run: Run) -> Looks:
    """Whoever began to sign had a copy with a number, and certificates that were noted as used."""
    noted = {row["fingerprint"] for row in run.certification.table("signing_certificates")}
    for row in run.certification.table("signing_attempts"):
        entry = run.certification.find("register_entries", row["copy_id"], "copy_id")
        used = {row["person_certificate"], row["seal_certificate"]}
        if entry is None:
            yield f"attempt {row['id']} signed copy {row['copy_id']}, which has no number"
        else:
            yield None if used <= noted else f"attempt {row['id']}: certificates not noted"


def stamps_are_accounted_for(run: Run) -> Looks:
    """The time-stamping authority stamped no more often than the attempts on record can have asked
    it to, and no less often than the finished ones must have. While an attempt is under way, more
    may come.
    """
    made = sum(
        entry["imprint"] != NOTHING for entry in run.ledger("trust") if entry["kind"] == "stamped"
    )
    attempts = run.certification.table("signing_attempts")
    copies = {row["id"]: row for row in run.certification.table("copies")}
    finished = [row for row in attempts if row["state"] == "finished"]
    least = sum(STAMPS.get(copies[row["copy_id"]]["level"], 0) for row in finished)
    most = least + max(STAMPS.values()) * (len(attempts) - len(finished))
    if made or attempts:
        going_on = any(row["state"] == "started" for row in attempts)
        accounted = least <= made and (made <= most or going_on)
        yield None if accounted else f"{made} stamps, {least} to {most} are accounted for"


def certified_copies_were_paid(run: Run) -> Looks:
    """The dossier of a valid copy that costs something has paid, and keeps its money with us."""
    for copy in run.certification.table("copies"):
        if copy["state"] == "certified" and copy["fee"] and copy["replaces"] is None:
            orders = run.payment.groups("orders", "dossier_id").get(copy["dossier_id"], [])
            paid = any(order["state"] == "paid" for order in orders)
            yield None if paid else f"copy {copy['id']} is valid, and nobody paid for it"


def _certified(run: Run) -> list[Row]:
    return [row for row in run.certification.table("copies") if row["state"] in CERTIFIED]


RULES = (
    Rule(registers_have_no_gap),
    Rule(entries_agree_with_copies),
    Rule(certified_copies_have_a_number),
    Rule(dossiers_have_one_valid_copy, Harm.DUPLICATED),
    Rule(copies_are_announced_once, Harm.DUPLICATED),
    Rule(certified_files_are_kept, Harm.LOST),
    Rule(copies_were_signed_once, Harm.DUPLICATED),
    Rule(attempts_have_a_copy_under_a_number),
    Rule(stamps_are_accounted_for),
    Rule(certified_copies_were_paid),
)
