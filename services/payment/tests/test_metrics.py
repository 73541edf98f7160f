"""What payment measures: under its own name, told in its README, and counted when it happens."""

from datetime import timedelta

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from motcua_contracts.dossier import DossierWithdrawn
from payment import metrics
from payment.state_diagrams import README

from .scene import Scene, ended

OWN = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]


def samples() -> dict[str, float]:
    """Every count of payment's own, by name and labels."""
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name.startswith("motcua_payment_")
        and sample.name.endswith(("_total", "_seconds_count"))
    }


def test_every_metric_has_the_name_of_its_service_and_stands_in_the_readme():
    described = README.read_text(encoding="utf-8")
    for metric in OWN:
        assert isinstance(metric, (Counter, Gauge, Histogram))
        prefix, _, rest = metric._name.partition("motcua_payment_")
        assert prefix == ""
        labels = f"{{{','.join(metric._labelnames)}}}" if metric._labelnames else ""
        total = "_total" if isinstance(metric, Counter) else ""
        assert f"_{rest}{total}{labels}`" in described, rest


async def test_a_payment_found_by_asking_and_sent_back_is_counted_at_every_step(scene: Scene):
    before = samples()
    dossier = await scene.owe()
    first, second = await scene.attempt(dossier), await scene.attempt(dossier)
    scene.vnpay.transact(first)
    scene.clock.pass_by(timedelta(minutes=6))
    await scene.inquiries.ask_due()
    query = scene.vnpay.notification(second, TransactionNo="2")
    assert [await scene.notify(query) for _ in range(2)] == ["00", "02"]
    await scene.consume(ended(dossier, DossierWithdrawn))
    after = samples()
    assert {n: c for n in after if (c := after[n] - before.get(n, 0))} == {
        "motcua_payment_orders_total['open']": 1,
        "motcua_payment_orders_total['paid']": 1,
        "motcua_payment_orders_total['refunding']": 1,
        "motcua_payment_query_seconds_count['vnpay']": 2,
        "motcua_payment_statements_total['paid', 'query', 'vnpay']": 1,
        "motcua_payment_statements_total['not-found', 'query', 'vnpay']": 1,
        "motcua_payment_statements_total['notification', 'paid', 'vnpay']": 2,
        "motcua_payment_notifications_total['accepted', 'vnpay']": 1,
        "motcua_payment_notifications_total['repeated', 'vnpay']": 1,
        "motcua_payment_receipts_total['BI-26T']": 1,
        "motcua_payment_suspended_total['already-paid', 'vnpay']": 1,
        "motcua_payment_refunds_total['already-paid']": 1,
        "motcua_payment_refunds_total['dossier-withdrawn']": 1,
    }
