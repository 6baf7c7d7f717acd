"""Promises: the package has the command, and the command gives the same digest as Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import DESK

import fivenines as fn


def command(*words: str) -> subprocess.CompletedProcess[str]:
    words = (sys.executable, "-m", "fivenines", *words)
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_is_in_the_package(tmp_path: Path, desk: fn.Scenario) -> None:
    path = tmp_path / "desk.toml"
    path.write_text(DESK)
    out = str(tmp_path / "out")
    ran = command("run", str(path), "--seed", "7", "--out", out)
    assert ran.returncode == 0, ran.stderr
    assert desk.run(seed=7).digest in ran.stdout
    path.write_text(DESK.replace("servers = 1", "servers = 0"))
    refused = command("check", str(path))
    assert refused.returncode == 3 and "desk.toml:4" in refused.stdout + refused.stderr
    assert command("no-such-command").returncode == 2


def test_the_script_is_installed() -> None:
    script = Path(sys.executable).with_name("fivenines")
    if not script.exists():
        pytest.skip("the package is not installed in this environment")
    said = subprocess.run(
        [script, "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout.split()[-1].startswith(fn.__version__)


def test_the_program_gives_the_same_digest(tmp_path: Path, desk: fn.Scenario) -> None:
    program = os.environ.get("FIVENINES_BIN")
    if not program:
        pytest.skip("FIVENINES_BIN names no program")
    path = tmp_path / "desk.toml"
    path.write_text(DESK)
    words = [program, "run", str(path), "--seed", "7", "--out", str(tmp_path / "out")]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert desk.run(seed=7).digest in ran.stdout
    # The files are those that Python writes.
    desk.run(seed=7).save(tmp_path / "out")
