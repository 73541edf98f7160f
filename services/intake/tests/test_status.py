from itertools import product

import pytest

from chassis.errors import Conflict
from intake.status import (
    TRANSITIONS,
    IllegalTransition,
    is_final,
    require_transition,
)
from motcua_contracts.types import DossierStatus

# Written out a second time, from the national list; rows are from, columns are to, 1 to 10.
CELLS = """
 1 . x x . x x x . . .
 2 . . . x x x x x . .
 3 . . . . . . . . . .
 4 . . . . x x x x x .
 5 x . . x . . x x . .
 6 x . . x . . x x x .
 7 . . . . . . . . . .
 8 . . . . . . . . . .
 9 . . . . . x . . . x
10 . . . . . . . . . .
"""
ALLOWED = {
    (int(row), to): cell == "x"
    for row, *cells in map(str.split, CELLS.strip().splitlines())
    for to, cell in enumerate(cells, start=1)
}


@pytest.mark.parametrize(("source", "target"), [*product(DossierStatus, DossierStatus)])
def test_each_cell_of_the_table(source: DossierStatus, target: DossierStatus) -> None:
    if ALLOWED[source, target]:
        require_transition(source, target)
    else:
        with pytest.raises(IllegalTransition):
            require_transition(source, target)


def test_refused_withdrawn_stopped_and_returned_are_final() -> None:
    assert [status.value for status in DossierStatus if is_final(status)] == [3, 7, 8, 10]


def test_every_status_can_be_reached_and_can_end() -> None:
    reached = {DossierStatus.REGISTERED}
    for _ in DossierStatus:
        reached |= {target for status in reached for target in TRANSITIONS[status]}
    assert reached == set(DossierStatus)


def test_a_refused_step_names_from_to_and_what_is_allowed_in_both_languages() -> None:
    with pytest.raises(Conflict) as caught:
        require_transition(DossierStatus.RECEIVED, DossierStatus.RETURNED)
    problem = caught.value
    assert problem.members == {"from": 2, "to": 10, "allowed": [4, 5, 6, 7, 8]}
    assert problem.status == 409
    assert problem.detail.vi.startswith(
        "Hồ sơ đang ở trạng thái 2 (được tiếp nhận), không chuyển được sang 10 (đã trả kết quả). "
        "Chỉ chuyển được sang: 4 (đang xử lý), 5"
    )
    assert "cannot go to 10 (returned). It can only go to: 4 (in progress)" in problem.detail.en


def test_a_refused_step_after_the_end_says_that_the_dossier_is_closed() -> None:
    with pytest.raises(IllegalTransition, match="The dossier is closed") as caught:
        require_transition(DossierStatus.WITHDRAWN, DossierStatus.COMPLETED)
    assert caught.value.detail.vi.endswith("Hồ sơ đã kết thúc.")
