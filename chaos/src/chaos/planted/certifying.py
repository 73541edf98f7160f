"""Ways to certify wrongly."""

from certification.domain import EntryState, vietnam_day
from certification.models import Copy, RegisterEntry
from certification.repository import _NEXT_NUMBER, RegisterEntries
from certification.work import CertificationWork
from chassis.failpoints import failpoint
from chassis.rows import fetch

_LAST = "SELECT coalesce(max(last), 0) FROM register_books WHERE (book, year) = ($1, $2)"

_settle_entry = CertificationWork._settle_entry  # noqa: SLF001 - what is replaced


async def look_at_the_next_number(self: CertificationWork, copy: Copy) -> RegisterEntry:
    """A copy is signed with the number that is next, and the number is taken only afterwards: two
    are signed with one. (I3)
    """
    book, year = self.office.book, vietnam_day(self.now).year
    [(last,)] = await fetch(await self.connection(), _LAST, (book, year))
    number: int = last + 1
    return RegisterEntry(copy_id=copy.id, book=book, year=year, number=number, recorded_at=self.now)


async def take_the_number_signed(
    self: CertificationWork, copy: Copy, state: EntryState
) -> RegisterEntry:
    """The other half of it."""
    if await self.entries.find(copy.id) is None:
        book, year, number = str(copy.book), int(copy.year or 0), int(copy.number or 0)
        await self.entries.next_number(book, year)
        self.entries.add(
            RegisterEntry(
                copy_id=copy.id, book=book, year=year, number=number, recorded_at=self.now
            )
        )
    return await _settle_entry(self, copy, state)


async def take_a_number_at_once(self: RegisterEntries, book: str, year: int) -> int:
    """The number is taken in a transaction of its own: where the approval is rolled back, the
    register has a gap. (I3)
    """
    connection = await self.session.connection()
    async with connection.engine.begin() as own:
        [(number,)] = await fetch(own, _NEXT_NUMBER, (book, year))
    await failpoint("planted.numbered")
    return number
