"""Promises: a cluster gives the digest of one process, also when a worker is killed while it works."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import DESK, PRECISE, YEARS

import fivenines as fn

PROGRAM = os.environ.get("FIVENINES_BIN")
COMMAND = [PROGRAM] if PROGRAM else [sys.executable, "-m", "fivenines"]

distributed = pytest.importorskip("distributed")
fivenines_dask = pytest.importorskip("fivenines.dask")


@pytest.fixture(scope="module")
def client() -> Iterator["distributed.Client"]:
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    with cluster, distributed.Client(cluster) as client:
        yield client


def test_a_cluster_gives_the_digest_of_one_process_and_of_the_command(
    client: "distributed.Client", desk: fn.Scenario, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    results = fivenines_dask.run(
        client, desk, replications=6, parts=3, seed=7, progress=lambda *counts: seen.append(counts)
    )
    assert results.digest == desk.run(replications=6, seed=7).digest
    assert seen == [(1, 3), (2, 3), (3, 3)]
    # The command and its parts give the same one.
    file, out = tmp_path / "desk.toml", tmp_path / "out"
    file.write_text(DESK)
    run = [*COMMAND, "run", str(file), "--replications", "6", "--seed", "7"]
    said = subprocess.run([*run, "--out", str(out)], capture_output=True, text=True, check=False)
    assert results.digest in said.stdout, said
    parts = [str(tmp_path / f"part-{number}") for number in (1, 2)]
    for number, part in enumerate(parts, 1):
        subprocess.run([*run, "--shard", f"{number}/2", "--out", part], check=True)
    merge = [*COMMAND, "merge", *parts, "--out", str(tmp_path / "merged")]
    said = subprocess.run(merge, capture_output=True, text=True, check=False)
    assert results.digest in said.stdout, said


def test_parts_are_combined_as_they_come(
    client: "distributed.Client", desk: fn.Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    combine = fivenines_dask._native.combine

    def combined(parts: list[bytes]) -> bytes:
        held.append(len(parts))
        return combine(parts)

    monkeypatch.setattr(fivenines_dask._native, "combine", combined)
    # Of 20 parts the first eight are combined, and then seven with what was combined: at 8, 15 parts.
    results = fivenines_dask.run(client, desk, replications=40, parts=20, seed=7)
    assert results.digest == desk.run(replications=40, seed=7).digest
    assert held == [8, 8]


def test_a_cluster_takes_the_path_of_a_file(
    client: "distributed.Client", desk: fn.Scenario, tmp_path: Path
) -> None:
    file = tmp_path / "desk.toml"
    file.write_text(DESK)
    results = fivenines_dask.run(client, str(file), replications=4, seed=7)
    assert results.digest == desk.run(replications=4, seed=7).digest
    [(_, swept)] = fivenines_dask.sweep(client, file, {"run.seed": [7]}, replications=4)
    assert swept.digest == results.digest


def test_a_precision_takes_rounds(client: "distributed.Client") -> None:
    precise = fn.Scenario.from_str(PRECISE)
    assert fivenines_dask.run(client, precise, seed=3).digest == precise.run(seed=3).digest


def test_years_are_divided(client: "distributed.Client") -> None:
    pair = fn.Scenario.from_str(YEARS)
    assert fivenines_dask.run(client, pair, parts=2).digest == pair.run().digest


def test_a_sweep_on_a_cluster_gives_the_results_of_the_sweep(
    client: "distributed.Client", desk: fn.Scenario
) -> None:
    grid = {"station.desk.servers": [1, 2]}
    far = [
        (assignment, results.digest)
        for assignment, results in fivenines_dask.sweep(client, desk, grid)
    ]
    assert far == [(assignment, results.digest) for assignment, results in fn.sweep(desk, grid)]


def test_an_error_on_a_worker_is_the_error_of_one_process(
    client: "distributed.Client", desk: fn.Scenario
) -> None:
    with pytest.raises(fn.Error, match="nothing"):
        fivenines_dask.run(client, desk, figures=["latency.nothing.p95@busy"])


def test_recorded_traffic_reaches_the_workers(
    client: "distributed.Client", desk: fn.Scenario
) -> None:
    recorded = desk.with_trace("visitors", [number / 10 for number in range(50)])
    assert fivenines_dask.run(client, recorded, parts=2).digest == recorded.run().digest


def test_a_killed_worker_changes_nothing(client: "distributed.Client") -> None:
    # Some seconds of work, so that a worker is killed while it simulates.
    desk = fn.Scenario.from_str(DESK.replace('"5s"', '"12h"'))
    pids = client.run(os.getpid)
    killed: list[int] = []

    def kill() -> None:
        for _ in range(1000):
            busy = [name for name, tasks in client.processing().items() if tasks]
            if busy:
                time.sleep(0.1)
                os.kill(pids[busy[0]], signal.SIGKILL)
                return killed.append(pids[busy[0]])
            time.sleep(0.01)

    killer = threading.Thread(target=kill)
    killer.start()
    results = fivenines_dask.run(client, desk, replications=16, parts=8)
    killer.join()
    assert killed and results.digest == desk.run(replications=16).digest
    client.wait_for_workers(2, timeout=20)
    assert killed[0] not in client.run(os.getpid).values()
