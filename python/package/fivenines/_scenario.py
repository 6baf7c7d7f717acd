"""Scenarios: read, change, draw, run."""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Unpack, overload

from . import _native
from ._errors import Diagnostic, Error
from ._options import Options, RunOptions, shown
from ._results import Results

_INSTEAD = ("rate", "profile", "noise", "users", "think", "scale")
"""Keys of a workload that recorded traffic replaces."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference in meaning between two scenarios."""

    path: str
    """Path of the key."""
    old: str | None
    """Value in the first; ``None`` if only the second has it."""
    new: str | None
    """Value in the second; ``None`` if only the first has it."""

    def __str__(self) -> str:
        if self.old is None:
            return f"{self.path}: only in the second: {self.new}"
        if self.new is None:
            return f"{self.path}: only in the first: {self.old}"
        return f"{self.path}: {self.old} → {self.new}"


class Drawing(str):
    """A picture of the system as the text of an SVG file, with the same in words."""

    words: str
    """The same as a nested list: each box with its utilisation, its arrows, and what its loss takes down."""

    def __new__(cls, svg: str, words: str) -> Drawing:
        drawing = super().__new__(cls, svg)
        drawing.words = words
        return drawing

    def __reduce__(self) -> tuple[Any, ...]:
        return (Drawing, (str(self), self.words))

    def _repr_svg_(self) -> str:
        return str(self)


def check(text: str) -> list[Diagnostic]:
    """All diagnostics that ``fivenines check`` reports for a text: errors in the order of the text, then warnings."""
    return _native.check(text)


class Scenario:
    """A system with its traffic, its faults and its study, without errors. It does not change: ``set`` returns another.

    A copy in another process, as on a Dask worker, has the canonical text and the recorded traffic.
    """

    def __init__(
        self, native: _native.Scenario, keep: tempfile.TemporaryDirectory[str] | None = None
    ) -> None:
        self._native = native
        # The folder of recorded traffic is there as long as a scenario that needs it.
        self._keep = keep

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Scenario:
        """Reads the scenario file at ``path``. Relative paths in it start in its folder.

        Raises ``ScenarioError`` for a scenario with errors, ``Error`` for a file that cannot be read.
        """
        return Scenario(_native.Scenario.load(path))

    @staticmethod
    def from_str(text: str) -> Scenario:
        """Reads a scenario from its text. Relative paths in it start in the current folder.

        Raises ``ScenarioError`` for a scenario with errors.
        """
        return Scenario(_native.Scenario.parse(text))

    @staticmethod
    def from_dict(mapping: Mapping[str, Any]) -> Scenario:
        """Reads a scenario from nested mappings, as ``tomllib`` returns them for a scenario file.

        Values are texts, numbers, truth values, ``timedelta``, lists and mappings; arrays and numbers of numpy too.
        Raises ``ScenarioError`` for a scenario with errors, whose lines are those of the text as TOML, and
        ``TypeError`` for a value that the language does not have.
        """
        return Scenario.from_str(_native.to_toml(_plain(mapping)))

    @overload
    def set(self, path: str, value: Any, /) -> Scenario: ...
    @overload
    def set(self, path: Mapping[str, Any], /) -> Scenario: ...
    def set(self, path: str | Mapping[str, Any], value: Any = None, /) -> Scenario:
        """A new scenario with another value at the path of a key, such as ``workload.visitors.rate``.

        A mapping from paths to values sets several, which are checked together.
        Raises ``ScenarioError`` if the change causes errors.
        """
        changes = {path: value} if isinstance(path, str) else path
        pairs = [(path, _plain(value)) for path, value in changes.items()]
        return Scenario(self._native.set(pairs), self._keep)

    def with_trace(self, workload: str, times: Iterable[float], *, every: float = 1.0) -> Scenario:
        """A new scenario whose workload has recorded traffic: requests at these times in seconds, from any origin.

        Time zero is the interval with the first of them. Requests are counted per ``every`` seconds, a multiple of
        0.001; within an interval their times are drawn.
        Raises ``Error`` for a workload that does not exist or times that are none.
        """
        length = round(every * 1000)
        if length < 1 or abs(length - every * 1000) > 1e-6:
            raise Error(f"`every` is {every} s, not a multiple of 0.001 s")
        values = times.tolist() if hasattr(times, "tolist") else [float(time) for time in times]
        if not values or not all(abs(time) < 1e12 for time in values):
            raise Error("recorded traffic has at least one time, and finite times only")
        form = tomllib.loads(self.to_toml())
        known = form.get("workload", {})
        if workload not in known:
            names = ", ".join(known)
            raise Error(f"there is no workload `{workload}`", f"there are: {names}")
        first = min(values)
        counts = Counter(int((time - first) * 1000 // length) for time in values)
        keep: tempfile.TemporaryDirectory[str] = tempfile.TemporaryDirectory(prefix="fivenines-")
        self._copy_files(Path(keep.name))
        file = f"traces/{workload}-recorded.csv"
        rows = "".join(f"{at * length},{count}\n" for at, count in sorted(counts.items()))
        _write(Path(keep.name, file), f"unix_ms,requests\n{rows}".encode())
        of = known[workload]
        for key in _INSTEAD:
            of.pop(key, None)
        of["trace"] = {
            "file": file,
            "format": "csv",
            "time": "unix_ms",
            "time-unit": "ms",
            "count": "requests",
            "every": f"{length}ms",
        }
        return _in_folder(_native.to_toml(form), keep)

    def _copy_files(self, folder: Path) -> None:
        for name in self._native.files:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(self._native.folder, name), target)

    def __reduce__(self) -> tuple[Any, ...]:
        folder = Path(self._native.folder)
        files = {name: (folder / name).read_bytes() for name in self._native.files}
        return (_restored, (self.to_toml(), files))

    def check(self) -> list[Diagnostic]:
        """The warnings: doubtful properties of the system that do not prevent a run."""
        return self._native.check()

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return self._native.name

    @property
    def digest(self) -> str:
        """Digest of the canonical form, equal for two texts with the same meaning."""
        return self._native.digest

    @property
    def monthly_cost(self) -> float | None:
        """Monthly cost in dollars; ``None`` without prices."""
        return self._native.monthly_cost

    @property
    def folder(self) -> Path:
        """Folder in which relative paths of the scenario start."""
        return Path(self._native.folder)

    @property
    def changes(self) -> list[str]:
        """The assignments applied to the text, each as ``PATH=VALUE``, in order."""
        return self._native.changes

    def to_toml(self) -> str:
        """The canonical form as a scenario file: defaults filled in, changes applied."""
        return self._native.to_toml()

    def drawing(self) -> Drawing:
        """A picture of the system: what stands where, single points of failure, which component calls which."""
        return Drawing(*self._native.drawing())

    def run(
        self,
        seed: int | None = None,
        replications: int | None = None,
        quick: bool = False,
        threads: int | None = None,
        figures: str | Iterable[str] = (),
        solver: Literal["requests", "flows"] | None = None,
        precision: Mapping[str, float] | None = None,
        progress: Any = None,
        long: bool = False,
    ) -> Results:
        """Simulates the scenario: without options, everything that it asks for.

        ``seed``: of all random draws, in place of the scenario's. ``replications``: of everything, 1 to 1,000,000,000,
        and at most 1,000,000 with an objective. With a horizon, a number above 20,000 is a multiple of 10, above 200,000
        of 100, and so on.
        ``quick``: 2 to 4 short replications, with wide intervals. ``threads``: one per core by default; results do not
        depend on it. ``figures``: paths of figures in addition to those of the scenario. ``solver``: ``requests`` for
        the windows alone, ``flows`` for the long horizon alone. ``precision``: replications are added until the
        half-width of these figures' intervals is at most this share of their value. ``progress``: a function of the
        number of finished replications and their total, called in this thread; ``True`` shows a bar by tqdm. ``long``:
        allows more than about 10^11 events.

        Ctrl-C stops the run and raises ``KeyboardInterrupt``. Raises ``ScenarioError`` if the options make the
        scenario invalid, ``Error`` for options that are invalid.
        """
        options = Options.of(
            seed=seed,
            replications=replications,
            quick=quick,
            threads=threads,
            figures=figures if isinstance(figures, str) else list(figures),
            solver=solver,
            precision=precision,
            progress=progress,
            long=long,
        )
        with shown(options, progress) as ready:
            return Results(self._native.run(ready))

    def part(self, number: int, of: int, **run: Unpack[RunOptions]) -> bytes:
        """Simulates part ``number`` (from 1) of ``of`` equal parts of the work of a run, for ``merge``."""
        with shown(Options.of(**run), run.get("progress")) as ready:
            return self._native.part(number, of, ready)

    def part_of(self, round: bytes, number: int, of: int, **run: Unpack[RunOptions]) -> bytes:
        """Simulates a part of a later round, which ``missing`` has returned."""
        with shown(Options.of(**run), run.get("progress")) as ready:
            return self._native.part_of(round, number, of, ready)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<scenario {self.name}, {self.digest}>"


def _plain(value: Any) -> Any:
    """The value with mappings as dictionaries."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _in_folder(text: str, keep: tempfile.TemporaryDirectory[str]) -> Scenario:
    path = Path(keep.name, "scenario.toml")
    _write(path, text.encode())
    return Scenario(_native.Scenario.load(path), keep)


def _restored(text: str, files: Mapping[str, bytes]) -> Scenario:
    if not files:
        return Scenario.from_str(text)
    keep: tempfile.TemporaryDirectory[str] = tempfile.TemporaryDirectory(prefix="fivenines-")
    for name, content in files.items():
        _write(Path(keep.name, name), content)
    return _in_folder(text, keep)
