"""What a unit of work sees of its rows."""

from sqlmodel import select

from chassis.testing.dossiers import dossier_id

from .conftest import Service, Visit


async def test_a_row_that_was_looked_at_is_fresh_once_it_is_locked(service: Service) -> None:
    dossier = dossier_id()
    async with service.transaction() as work:
        work.visits.add(Visit(id=dossier, count=1))
    async with service.transaction() as work:
        looked_at = (await work.session.exec(select(Visit))).one()
        assert looked_at.count == 1
        async with service.database.engine.begin() as another:
            await another.exec_driver_sql("UPDATE visits SET count = 2")
        locked = await work.visits.get(dossier)
        assert locked.count == 2


async def test_what_did_not_change_is_not_written(service: Service) -> None:
    dossier = dossier_id()
    async with service.transaction() as work:
        work.visits.add(Visit(id=dossier, count=1))
    (before,) = await service.rows("SELECT xmin FROM visits")
    async with service.transaction() as work:
        await work.visits.get(dossier)
    assert await service.rows("SELECT xmin FROM visits") == [before]
