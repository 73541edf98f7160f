"""A link to a page that is not there is found, with its line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gates import links

Plant = Callable[[str, str], None]


def test_a_link_that_leads_nowhere_is_found(
    tmp_path: Path, plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    plant("docs/page.md", "# Page\n\nRead [on](adr/0001-gone.md#why).\n")

    assert links.main(tmp_path) == 1
    assert "docs/page.md:3 adr/0001-gone.md#why: no such file" in capsys.readouterr().out


def test_links_to_files_folders_the_web_and_the_page_itself_pass(
    tmp_path: Path, plant: Plant
) -> None:
    plant("docs/adr/0001.md", "[up](../page.md) [here](#decision)\n")
    plant("docs/page.md", "[one](adr/0001.md) [all](adr) [web](https://example.vn/x)\n")
    plant("var/local/page.md", "[gone](gone.md)\n")

    assert links.main(tmp_path) == 0
