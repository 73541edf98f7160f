"""The national status list of a dossier (trạng thái hồ sơ) and which status may follow which.

The table is the one place that says so; the refusal and the diagram are made from it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from chassis.errors import Conflict, Text
from motcua_contracts.types import DossierStatus

_1, _2, _3, _4, _5, _6, _7, _8, _9, _10 = DossierStatus

# 6 leads back to 1 because a fee paid at filing is paid before anyone has received the dossier.
TRANSITIONS: Mapping[DossierStatus, tuple[DossierStatus, ...]] = MappingProxyType(
    {
        _1: (_2, _3, _5, _6, _7),
        _2: (_4, _5, _6, _7, _8),
        _3: (),
        _4: (_5, _6, _7, _8, _9),
        _5: (_1, _4, _7, _8),
        _6: (_1, _4, _7, _8, _9),
        _7: (),
        _8: (),
        _9: (_6, _10),
        _10: (),
    }
)

STATUS_WORDS: Mapping[DossierStatus, Text] = MappingProxyType(
    {
        _1: Text("mới đăng ký", "registered"),
        _2: Text("được tiếp nhận", "received"),
        _3: Text("không được tiếp nhận", "not accepted"),
        _4: Text("đang xử lý", "in progress"),
        _5: Text("yêu cầu bổ sung giấy tờ", "supplement requested"),
        _6: Text("yêu cầu thực hiện nghĩa vụ tài chính", "payment required"),
        _7: Text("công dân yêu cầu rút hồ sơ", "withdrawn"),
        _8: Text("dừng xử lý", "stopped"),
        _9: Text("đã xử lý xong", "completed"),
        _10: Text("đã trả kết quả", "returned"),
    }
)


class IllegalTransition(
    Conflict,
    vi="Trạng thái hồ sơ không cho phép thao tác này",
    en="The status of the dossier does not allow this",
):
    """The table has no such step; members `from`, `to`, `allowed` are status numbers."""

    def __init__(self, source: DossierStatus, target: DossierStatus) -> None:
        allowed = TRANSITIONS[source]
        super().__init__(
            Text(
                f"Hồ sơ đang ở trạng thái {source} ({STATUS_WORDS[source].vi}), không chuyển được "
                f"sang {target} ({STATUS_WORDS[target].vi}). {_allowed_vi(allowed)}",
                f"The dossier has status {source} ({STATUS_WORDS[source].en}) and cannot go to "
                f"{target} ({STATUS_WORDS[target].en}). {_allowed_en(allowed)}",
            ),
            **{"from": source.value, "to": target.value, "allowed": [s.value for s in allowed]},
        )


def require_transition(source: DossierStatus, target: DossierStatus) -> None:
    """Raise `IllegalTransition` unless the table has this step."""
    if target not in TRANSITIONS[source]:
        raise IllegalTransition(source, target)


def is_final(status: DossierStatus) -> bool:
    """Nothing follows it."""
    return not TRANSITIONS[status]


def _allowed_vi(allowed: tuple[DossierStatus, ...]) -> str:
    if not allowed:
        return "Hồ sơ đã kết thúc."
    return f"Chỉ chuyển được sang: {', '.join(f'{s} ({STATUS_WORDS[s].vi})' for s in allowed)}."


def _allowed_en(allowed: tuple[DossierStatus, ...]) -> str:
    if not allowed:
        return "The dossier is closed."
    return f"It can only go to: {', '.join(f'{s} ({STATUS_WORDS[s].en})' for s in allowed)}."
