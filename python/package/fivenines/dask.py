"""Runs and sweeps on a Dask cluster.

Model: a run is divided into parts, each of which is a task on one thread of a worker. The parts come back as bytes, are
combined as they come, and are merged in this process, so the digest is that of ``Scenario.run``. More rounds of parts
follow for a required precision, and for the years with fewer faults that a report on a long horizon has. A part whose
worker dies is simulated again on another.

A script that starts a ``LocalCluster`` guards its body by ``if __name__ == "__main__":``, since every worker process
imports it again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Unpack

import distributed
from distributed import Client

from . import _native
from ._options import Options, OtherOptions, Progress, RunOptions, shown
from ._results import Results
from ._scenario import Scenario
from ._study import Assignment, variants

__all__ = ["run", "sweep"]

_RETRIES = 3
"""Number of further attempts of a part that has failed."""
_PARTS_PER_THREAD = 4
"""Parts for each thread of the cluster: a slow worker keeps the others waiting for a quarter of its share at most."""
_HELD = 8
"""Largest number of parts that this process holds before it combines them."""


def run(
    client: Client,
    scenario: Scenario | str | os.PathLike[str],
    replications: int | None = None,
    parts: int | None = None,
    **options: Unpack[OtherOptions],
) -> Results:
    """Simulates a scenario, or the one of a file, on the workers of a cluster; the results are those of ``Scenario.run``.

    ``parts`` is the number of parts, by default four per thread of the cluster. ``progress`` receives the number of
    finished parts and their total. ``threads`` is that of the merge, in this process.
    Raises the errors of ``Scenario.run``; ``distributed.KilledWorker`` if a part ends several workers.
    """
    own = Options.of(replications=replications, **options)
    with shown(own, options.get("progress")) as ready:
        return _run(client, _loaded(scenario), parts or _parts(client), ready)


def _loaded(scenario: Scenario | str | os.PathLike[str]) -> Scenario:
    return scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)


def _parts(client: Any) -> int:
    threads: int = sum(client.nthreads().values())
    return _PARTS_PER_THREAD * max(1, threads)


def _run(client: Any, scenario: Scenario, count: int, options: Options) -> Results:
    on_worker = options.on_threads(1)
    quiet = options.with_progress(None)
    folder = scenario._native.folder
    held: list[bytes] = []
    round: bytes | None = None
    while not held or round is not None:
        some = count if round is None else min(count, _size(round))
        tasks = [(scenario, on_worker, round, number, some) for number in range(1, some + 1)]
        for part in _gathered(client, _part, tasks, options.progress):
            held.append(part)
            if len(held) == _HELD:
                held = [_native.combine(held)]
        round = _native.missing(held, folder, quiet)
    return Results(_native.merge(held, folder, quiet))


def _size(round: bytes) -> int:
    return max(1, len(json.loads(round)["pieces"]))


def _gathered(
    client: Any,
    work: Callable[..., bytes],
    tasks: Sequence[tuple[Any, ...]],
    progress: Progress | None,
) -> Iterator[bytes]:
    """Results of tasks as they come; no process keeps one that was taken.

    If a task fails or the caller stops, the others are cancelled.
    """
    completed: Any = distributed.as_completed
    futures = {client.submit(work, *task, pure=False, retries=_RETRIES) for task in tasks}
    done, count = 0, len(futures)
    try:
        for future in completed(list(futures)):
            yield future.result()
            futures.remove(future)
            future.release()
            done += 1
            if progress is not None:
                progress(done, count)
    finally:
        client.cancel(list(futures))


def _part(scenario: Scenario, options: Options, round: bytes | None, number: int, of: int) -> bytes:
    if round is None:
        return scenario._native.part(number, of, options)
    return scenario._native.part_of(round, number, of, options)


def sweep(
    client: Client,
    scenario: Scenario | str | os.PathLike[str],
    grid: Mapping[str, Sequence[Any]],
    **options: Unpack[RunOptions],
) -> Iterator[tuple[Assignment, Results]]:
    """Runs all combinations of the values of several keys of a scenario, or of a file, on a cluster, one variant per task.

    Gives each assignment with its results, in the order of ``fivenines.sweep``, as soon as those before it are there.
    Raises ``ScenarioError`` for the first variant with errors, before any is run.
    """
    own = Options.of(**options)
    todo = variants(_loaded(scenario), grid)
    return _sweep(client, todo, own)


def _sweep(
    client: Any, todo: list[tuple[Assignment, Scenario]], options: Options
) -> Iterator[tuple[Assignment, Results]]:
    on_worker = options.on_threads(1)
    futures = [
        client.submit(_whole, variant, on_worker, pure=False, retries=_RETRIES)
        for _, variant in todo
    ]
    try:
        for number, (assignment, variant) in enumerate(todo):
            parts: list[bytes] = futures[number].result()
            folder = variant._native.folder
            merged = _native.merge(parts, folder, options.with_progress(None))
            if options.progress is not None:
                options.progress(number + 1, len(todo))
            yield assignment, Results(merged)
    finally:
        client.cancel(futures)


def _whole(scenario: Scenario, options: Options) -> list[bytes]:
    """All parts of a run, one per round."""
    folder = scenario._native.folder
    parts = [scenario._native.part(1, 1, options)]
    while (round := _native.missing(parts, folder, options)) is not None:
        parts.append(scenario._native.part_of(round, 1, 1, options))
    return parts
