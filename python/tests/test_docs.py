"""Promise: the examples of the page about this package run, in their order."""

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def test_the_examples_of_the_page_run(capsys: pytest.CaptureFixture[str]) -> None:
    for package in ("pandas", "polars", "pyarrow"):
        pytest.importorskip(package)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    # The last starts a cluster; test_dask.py does what it shows.
    assert len(blocks) == 4 and "LocalCluster" in blocks[-1]
    names: dict[str, Any] = {}
    for block in blocks[:-1]:
        exec(compile(block, str(PAGE), "exec"), names)
    assert capsys.readouterr().out.startswith("latency.page.p95@busy ")
