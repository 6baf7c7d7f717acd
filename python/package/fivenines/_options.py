"""Options of a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypedDict

from ._errors import Error

Progress = Callable[[int, int], object]
"""A function of the number of finished replications and their total."""


class OtherOptions(TypedDict, total=False):
    """The options of ``Scenario.run`` but for the number of replications."""

    seed: int | None
    quick: bool
    threads: int | None
    figures: str | Sequence[str]
    solver: Literal["requests", "flows"] | None
    precision: Mapping[str, float] | None
    progress: Progress | bool | None
    long: bool


class RunOptions(OtherOptions, total=False):
    """The options of ``Scenario.run``, for functions that pass them on."""

    replications: int | None


@dataclass(frozen=True)
class Options:
    """The options of a run in the form that the compiled half reads."""

    seed: int | None = None
    replications: int | None = None
    quick: bool = False
    threads: int = 1
    figures: list[str] = field(default_factory=list)
    solver: str | None = None
    precision: list[tuple[str, float]] = field(default_factory=list)
    long: bool = False
    compared: bool = False
    progress: Progress | None = None

    @staticmethod
    def of(
        *,
        seed: int | None = None,
        replications: int | None = None,
        quick: bool = False,
        threads: int | None = None,
        figures: str | Sequence[str] = (),
        solver: Literal["requests", "flows"] | None = None,
        precision: Mapping[str, float] | None = None,
        progress: Progress | bool | None = None,
        long: bool = False,
    ) -> Options:
        """Checks the options of a user. A progress of ``True`` is left to ``shown``."""
        _whole("seed", seed, 0, 2**64 - 1)
        _whole("replications", replications, 1, 1_000_000_000)
        _whole("threads", threads, 1, 65_536)
        if quick and replications is not None:
            raise Error(
                "a quick run sets its own number of replications",
                "leave out `quick` or `replications`",
            )
        if solver not in (None, "requests", "flows"):
            raise Error(f"there is no solver `{solver}`", "use `requests` or `flows`")
        shares = [(path, float(share)) for path, share in (precision or {}).items()]
        return Options(
            seed=None if seed is None else int(seed),
            replications=None if replications is None else int(replications),
            quick=bool(quick),
            threads=_cores() if threads is None else int(threads),
            figures=[figures] if isinstance(figures, str) else list(figures),
            solver=solver,
            precision=shares,
            long=bool(long),
            progress=progress if callable(progress) else None,
        )

    def identity(self) -> dict[str, Any]:
        """The options that results depend on."""
        names = ("seed", "replications", "quick", "figures", "solver", "precision", "compared")
        return {name: getattr(self, name) for name in names}

    def with_progress(self, progress: Progress | None) -> Options:
        """The same options with another function for progress."""
        return replace(self, progress=progress)

    def on_threads(self, threads: int) -> Options:
        """The same options on a number of threads, without progress."""
        return replace(self, threads=threads, progress=None)

    def for_comparison(self) -> Options:
        """The same options without what only the report on a single scenario needs."""
        return replace(self, compared=True)


def _whole(name: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= int(value) <= most:
        raise Error(f"`{name}` is {value}, not a whole number from {least:,} to {most:,}")


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


@contextmanager
def shown(options: Options, progress: Progress | bool | None) -> Iterator[Options]:
    """Options that show progress: by the given function, or for ``True`` by tqdm or a line on standard error."""
    if progress is not True:
        yield options
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:

        def line(done: int, total: int) -> None:
            print(f"\r{done} of {total} replications", end="", file=sys.stderr, flush=True)

        try:
            yield options.with_progress(line)
        finally:
            print(file=sys.stderr)
        return
    with tqdm(unit=" replications") as bar:

        def step(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield options.with_progress(step)
