"""What the migrations make of a database that was in use."""

from chassis import migrations
from payment.redrives import Redrives

from .scene import Scene, obligation, settled

_BACK_TO_0002 = (
    "ALTER TABLE orders DROP awaited_since, DROP redrives, DROP next_redrive_at",
    "DROP TABLE uncovered_obligations",
    "UPDATE alembic_version SET version_num = '0002'",
)


async def test_orders_that_were_paid_before_anybody_compared_are_no_alarm(scene: Scene):
    due = obligation()
    dossier = await scene.owe(due)
    order = await scene.pay(dossier)
    async with scene.service.database.engine.begin() as connection:
        for statement in _BACK_TO_0002:
            await connection.exec_driver_sql(statement)
    await migrations.upgrade(scene.service.database.engine, "payment")
    scene.clock.now = scene.clock.now.replace(year=2027)
    assert await Redrives(scene.service).redrive_due() == 0
    await scene.consume(settled(dossier, order, due.obligation_id))
    async with scene.service.transaction() as work:
        assert await work.orders.awaited(work.now) == []
        assert await work.uncovered.open() == []
