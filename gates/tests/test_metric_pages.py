"""Every metric stands on the page of metrics, and no page names one that is not there."""

import re
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest
from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase

from gates import metric_pages
from gates.sources import ROOT

PACKAGES = ("chassis", "intake", "payment", "certification", "notification")
NAME = re.compile(r"\bmotcua_[a-z_]+[a-z]\b")
OUR_PACKAGES = {"motcua_local", "motcua_contracts"}
PAGES = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("services/*/README.md")]


def declared(package: str) -> set[str]:
    """What the package measures when it runs."""
    values = vars(import_module(f"{package}.metrics")).values()
    own = [value for value in values if isinstance(value, MetricWrapperBase)]
    return {f"{each._name}{'_total' if isinstance(each, Counter) else ''}" for each in own}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_metric_stands_on_the_page_with_its_labels(package: str) -> None:
    listed = {metric.name for metric in metric_pages.metrics()[package]}
    assert listed == declared(package)
    page = metric_pages.page()
    assert all(f"| `{name}` |" in page for name in listed)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_metric_that_a_page_names_exists(page: Path) -> None:
    known = {metric.name for metric in chain.from_iterable(metric_pages.metrics().values())}
    named = set(NAME.findall(page.read_text(encoding="utf-8"))) - OUR_PACKAGES
    assert named <= known
