"""Promise: Ctrl-C stops a run within a second and raises KeyboardInterrupt; other threads run beside a run."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import LONG

import fivenines as fn

SCRIPT = f"""
import sys, time
import fivenines as fn
desk = fn.Scenario.from_str({LONG!r})
def progress(done, total):
    print("begun", flush=True)
try:
    desk.run(progress=progress)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    # What was interrupted can be run again.
    desk.run(replications=1, quick=False, solver="requests")
    print("again", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="the signal of Ctrl-C is sent by a call of POSIX")
def test_ctrl_c_stops_a_run() -> None:
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        rest = process.communicate(timeout=20)[0].splitlines()
    finally:
        process.kill()
    assert "interrupted" in rest and rest[-1] == "again" and process.returncode == 0
    assert time.monotonic() - asked < 10


def test_other_threads_run_beside_a_run() -> None:
    desk = fn.Scenario.from_str(LONG)
    counted = 0
    ended = threading.Event()

    def count() -> None:
        nonlocal counted
        while not ended.is_set():
            counted += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    looks: list[int] = []

    def stop(done: int, total: int) -> None:
        looks.append(counted)
        if len(looks) == 3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        desk.run(progress=stop)
    ended.set()
    thread.join()
    # Between two looks are 50 ms or more.
    assert looks[-1] - looks[0] >= 10
