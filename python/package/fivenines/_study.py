"""Several runs: comparisons, sweeps, capacity, and parts of a run."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from . import _native
from ._errors import Error
from ._options import Options, Progress, RunOptions, shown
from ._results import Comparison, Figure, Results
from ._scenario import Difference, Scenario

Assignment = dict[str, Any]
"""A value for each path of a sweep."""


def compare(of: Iterable[Results | Scenario], **run: Unpack[RunOptions]) -> Comparison:
    """Compares results, in the given order. A scenario among them is run with these options first.

    Raises ``Error`` for two scenarios with the same name, and for scenarios without anything in common.
    """
    options = Options.of(**run).for_comparison()
    results = []
    for one in of:
        if isinstance(one, Scenario):
            with shown(options, run.get("progress")) as ready:
                results.append(one._native.run(ready))
        else:
            results.append(one._native)
    return Comparison(_native.compare(results))


def capacity(
    scenario: Scenario, class_name: str, objective: str = "p95", **run: Unpack[RunOptions]
) -> Figure:
    """The highest rate of a class at which its objective is still met, with its interval.

    Raises ``Error`` for a class without this objective.
    """
    path = f"capacity.{class_name}[objective={objective}]"
    asked = run.get("figures", ())
    run["figures"] = [*([asked] if isinstance(asked, str) else asked), path]
    return scenario.run(**run)[path]


def diff(a: Scenario, b: Scenario) -> list[Difference]:
    """The differences in meaning from ``a`` to ``b``; none if both give the same results."""
    return [Difference(*found) for found in a._native.differences(b._native)]


def combine(parts: Iterable[bytes]) -> bytes:
    """One part with all that these have, for ``merge``, ``missing`` and ``combine`` itself.

    Its size does not grow with the replications of a window beyond the first 1,024. Raises ``Error`` for parts of
    different runs, and for combined parts that share some of their parts, and not all.
    """
    return _native.combine(list(parts))


def merge(
    parts: Iterable[bytes],
    folder: str | os.PathLike[str] = ".",
    *,
    threads: int | None = None,
    progress: Progress | bool | None = None,
) -> Results:
    """The results of the whole run, from the bytes of its parts in any order.

    ``folder`` has the recorded traffic that the scenario names. Raises ``Error`` for missing parts, which are named,
    and for parts of different runs.
    """
    options = Options.of(threads=threads, progress=progress)
    with shown(options, progress) as ready:
        return Results(_native.merge(list(parts), folder, ready))


def missing(
    parts: Iterable[bytes], folder: str | os.PathLike[str] = ".", *, threads: int | None = None
) -> bytes | None:
    """The work that is still missing, as a round for ``Scenario.part_of``; ``None`` if the parts are complete.

    The last round of a scenario with a horizon is its years with fewer faults, which ``merge`` can also do by itself.
    """
    return _native.missing(list(parts), folder, Options.of(threads=threads))


def variants(
    scenario: Scenario, grid: Mapping[str, Sequence[Any]]
) -> list[tuple[Assignment, Scenario]]:
    """All combinations of values, each with its scenario. Raises ``ScenarioError`` for the first with errors."""
    assignments = [
        dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())
    ]
    return [(assignment, scenario.set(assignment)) for assignment in assignments]


def sweep(
    scenario: Scenario,
    grid: Mapping[str, Sequence[Any]],
    *,
    folder: str | os.PathLike[str] | None = None,
    **run: Unpack[RunOptions],
) -> Iterator[tuple[Assignment, Results]]:
    """Runs all combinations of the values of several keys, in order; gives each assignment with its results.

    All variants are checked before the first is run. With ``folder``, finished variants are kept there, named by the
    digest of variant and options, and are read instead of being simulated again.
    Raises ``ScenarioError`` for the first variant with errors.
    """
    options = Options.of(**run)
    place = None if folder is None else Path(folder)
    if place is not None:
        place.mkdir(parents=True, exist_ok=True)
    return _sweep(variants(scenario, grid), place, options, run.get("progress"))


def _sweep(
    todo: list[tuple[Assignment, Scenario]],
    place: Path | None,
    options: Options,
    progress: Progress | bool | None,
) -> Iterator[tuple[Assignment, Results]]:
    for assignment, variant in todo:
        with shown(options, progress) as ready:
            if place is None:
                results = Results(variant._native.run(ready))
            else:
                results = kept(variant, place, ready)
        yield assignment, results


def kept(variant: Scenario, place: Path, options: Options) -> Results:
    """The results of a variant, from the parts that the folder has; missing ones are simulated and kept there."""
    name = file_name(variant, options)
    folder = variant._native.folder
    parts = stored(place, name)
    round: bytes | None = None
    if parts:
        try:
            round = _native.missing(parts, folder, options.with_progress(None))
        except Error:
            # A damaged file, one of another version, or of recorded traffic that has changed since.
            parts = []
    while not parts or round is not None:
        if round is None:
            part = variant._native.part(1, 1, options)
        else:
            part = variant._native.part_of(round, 1, 1, options)
        parts.append(part)
        keep(place, name, len(parts), part)
        round = _native.missing(parts, folder, options.with_progress(None))
    return Results(_native.merge(parts, folder, options.with_progress(None)))


def file_name(variant: Scenario, options: Options) -> str:
    """The beginning of the names of a variant's files: the digest of scenario and options."""
    text = json.dumps([variant.digest, options.identity()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def stored(place: Path, name: str) -> list[bytes]:
    """The parts of a variant that the folder has, from the first on without a gap."""
    parts: list[bytes] = []
    while (path := place / f"{name}-{len(parts) + 1}.part").exists():
        parts.append(path.read_bytes())
    return parts


def keep(place: Path, name: str, number: int, part: bytes) -> None:
    """Writes a part at once or not at all, and removes those of an earlier attempt that follow it."""
    path = place / f"{name}-{number}.part"
    path.with_name(f"{name}-{number + 1}.part").unlink(missing_ok=True)
    new = path.with_suffix(f".{os.getpid()}.new")
    new.write_bytes(part)
    new.replace(path)
