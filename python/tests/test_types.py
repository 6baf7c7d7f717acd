"""Promise: the types that the package declares are those that it has."""

import subprocess
import sys
from pathlib import Path

import pytest

import fivenines

pytest.importorskip("mypy")


def mypy(*words: str) -> str:
    words = (sys.executable, "-m", *words)
    ran = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def test_the_stub_of_the_compiled_half_fits_it() -> None:
    assert mypy("mypy.stubtest", "fivenines._native") == ""


def test_the_sources_pass_the_checker(tmp_path: Path) -> None:
    assert Path(fivenines.__file__).with_name("py.typed").exists()
    # Neither dask nor tqdm nor pandas declares its types.
    others = ["--ignore-missing-imports", "--follow-imports=skip"]
    assert mypy("mypy", "--strict", *others, f"--cache-dir={tmp_path}", "-p", "fivenines") == ""
