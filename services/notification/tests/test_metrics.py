"""What notification measures: under its own name, and told in its README."""

from pathlib import Path

from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase

from notification import metrics

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_every_metric_has_the_name_of_its_service_and_stands_in_the_readme() -> None:
    own = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]
    assert own
    for metric in own:
        prefix, _, rest = metric._name.partition("motcua_notification_")
        assert prefix == ""
        assert f"_{rest}{'_total' if isinstance(metric, Counter) else ''}" in README, rest
