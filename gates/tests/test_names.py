"""Names that say nothing are refused, whole words only."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gates import names

Plant = Callable[[str, str], None]


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("services/intake/src/intake/utils.py", "", "utils.py:1 utils: 'util'"),
        ("chassis/src/chassis/common/clock.py", "", "common/clock.py:1 common: 'common'"),
        ("chassis/src/chassis/event_processor.py", "", ":1 event_processor: 'processor'"),
        ("gates/a.py", "x = 1\n\nclass DossierManager:\n    pass\n", "a.py:3 DossierManager: 'm"),
        ("tests/test_a.py", "class HTTPHelpers:\n    pass\n", "test_a.py:1 HTTPHelpers: 'helper'"),
        (
            "gates/a.py",
            "def f():\n    class PaymentInfo:\n        pass\n",
            ":2 PaymentInfo: 'info'",
        ),
    ],
)
def test_a_banned_word_in_a_module_folder_or_class_is_found(
    tmp_path: Path,
    plant: Plant,
    capsys: pytest.CaptureFixture[str],
    path: str,
    text: str,
    said: str,
) -> None:
    plant(path, text)

    assert names.main(tmp_path) == 1
    assert said in capsys.readouterr().out


def test_words_that_only_contain_one_and_the_named_exceptions_pass(
    tmp_path: Path, plant: Plant
) -> None:
    plant("chassis/src/chassis/database.py", "class Metadata: ...\nclass Database: ...\n")
    plant("contracts/src/motcua_contracts/envelope.py", "class EventData: ...\n")

    assert names.main(tmp_path) == 0
