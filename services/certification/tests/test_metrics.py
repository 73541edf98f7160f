"""What certification measures: under its own name, told in its README, counted when it happens."""

from prometheus_client import REGISTRY, Counter
from prometheus_client.metrics import MetricWrapperBase

from certification import metrics
from certification.ports import Hindrance
from certification.state_diagrams import README

from .scene import Scene

OWN = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]


def samples() -> dict[str, float]:
    """Every count of certification's own, by name and labels."""
    return {
        f"{sample.name.removeprefix('motcua_certification_')}{sorted(sample.labels.values())}": (
            sample.value
        )
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name.startswith("motcua_certification_")
        and sample.name.endswith(("_total", "_seconds_count"))
    }


def test_every_metric_has_the_name_of_its_service_and_stands_in_the_readme():
    described = README.read_text(encoding="utf-8")
    for metric in OWN:
        prefix, _, rest = metric._name.partition("motcua_certification_")
        assert prefix == ""
        assert f"_{rest}{'_total' if isinstance(metric, Counter) else ''}" in described, rest


async def test_what_happens_to_copies_numbers_and_attempts_is_counted(scene: Scene):
    before = samples()
    certified = await scene.certified()
    given_up = await scene.approved()
    scene.signer.hindrances = [Hindrance.KEY_AWAY]
    await scene.sign()
    await scene.decide(given_up, "refusal")
    await scene.decide(certified, "revocation")
    assert (await scene.decide(certified, "refusal")).status_code == 409
    after = samples()
    assert {n: c for n in after if (c := after[n] - before.get(n, 0))} == {
        "copies_total['requested']": 2,
        "copies_total['ready']": 2,
        "copies_total['signing']": 2,
        "copies_total['certified']": 1,
        "copies_total['refused']": 1,
        "copies_total['revoked']": 1,
        "register_numbers_total['reserved']": 2,
        "register_numbers_total['used']": 1,
        "register_numbers_total['void']": 1,
        "signing_attempts_total['finished']": 1,
        "signing_attempts_total['hindered']": 1,
        "signing_seconds_count[]": 2,
    }
