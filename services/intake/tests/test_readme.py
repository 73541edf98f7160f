"""README.md says what is so: states, routes, settings."""

import re

from fastapi.routing import iter_route_contexts

from chassis.health import PUBLIC_PATHS
from intake.settings import Settings
from intake.state_diagram import README, diagram, drawn
from intake.status import TRANSITIONS

from .scene import Scene

PAGE = README.read_text(encoding="utf-8")


def test_the_diagram_is_drawn_from_the_table():
    assert drawn(PAGE) == PAGE, "run: python -m intake.state_diagram"
    steps = [line for line in diagram().splitlines() if "-->" in line and "[*]" not in line]
    assert len(steps) == sum(map(len, TRANSITIONS.values()))
    assert set(steps) <= set(PAGE.splitlines())


def test_a_stale_diagram_is_drawn_anew():
    stale = "before\n<!-- states -->\nold\n<!-- /states -->\nafter"
    fresh = drawn(stale)
    assert "old" not in fresh
    assert '    state "5 yêu cầu bổ sung giấy tờ" as s5' in fresh
    assert fresh.startswith("before\n")
    assert fresh.endswith("\nafter")


def test_every_route_is_listed_and_no_other(scene: Scene):
    served = {
        f"{method} {_anonymous(route.path or '')}"
        for route in iter_route_contexts(scene.service.http.routes)
        for method in route.methods or ()
        if route.path and route.path not in PUBLIC_PATHS
    }
    listed = {_anonymous(found[1]) for found in re.finditer("`((GET|POST) /v1[^`?]*)", PAGE)}
    assert listed == served


def test_every_setting_of_our_own_is_listed():
    names = {f"INTAKE_{name.upper()}" for name in Settings.model_fields} - {
        "INTAKE_KAFKA",
        "INTAKE_OIDC",
    }
    assert set(re.findall("INTAKE_[A-Z_]+", PAGE)) == names


def _anonymous(route: str) -> str:
    return re.sub(r"{[a-zA-Z_]+}", "{}", route)
