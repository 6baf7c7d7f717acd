"""Results: figures, tables, charts and the report."""

from __future__ import annotations

import html
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from . import _native

if TYPE_CHECKING:
    import pandas

_V = TypeVar("_V")

Shown: TypeAlias = tuple[
    str,
    str,
    str | None,
    tuple[float, float, float] | None,
    float | None,
    str | None,
    str | None,
]
"""A figure of the compiled half: path, text, unit, value with both ends of its interval, level, method, reason."""

_HEIGHT = 560
"""Height of the report in a notebook, in pixels: its first screen."""


@dataclass(frozen=True, slots=True, repr=False)
class Figure:
    """A figure by its path, with its interval, or the reason why it has no value."""

    path: str
    """Path, such as ``latency.page.p95@peak``; ``docs/figures.md`` lists all."""
    value: float
    """Point estimate in base units (seconds, per second, dollars); NaN without a value."""
    low: float
    """Lower end of the interval; minus infinity without an interval, NaN without a value."""
    high: float
    """Upper end of the interval; infinity without an interval, NaN without a value."""
    level: float | None
    """Confidence level of the interval, such as 0.999; ``None`` without an interval."""
    method: str | None
    """Method of the interval, such as ``student-t``; ``None`` without an interval."""
    unit: str | None
    """Unit of value and interval: ``s``, ``per s``, ``share``, ``number``, ``$``; ``None`` without a value."""
    reason: str | None
    """The reason why there is no value, such as too few samples; ``None`` with a value."""
    text: str
    """The path with the estimate, rounded to the digits that the interval supports."""

    def __float__(self) -> float:
        return self.value

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else self.text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.text}>"


def _figure(shown: Shown) -> Figure:
    path, text, unit, estimate, level, method, reason = shown
    value, low, high = estimate or (math.nan, math.nan, math.nan)
    return Figure(path, value, low, high, level, method, unit, reason, text)


class Table:
    """A table of results in columns.

    pandas, polars, pyarrow and DuckDB read it by the Arrow C stream interface: ``polars.DataFrame(table)``,
    ``pyarrow.table(table)``, ``pandas.DataFrame.from_arrow(table)``. ``docs/results.md`` explains every column.
    """

    __slots__ = ("_native", "name")

    name: str
    """Name of the table."""

    def __init__(self, name: str, native: _native.Table) -> None:
        self.name = name
        self._native = native

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in their order."""
        return self._native.columns

    @property
    def types(self) -> dict[str, str]:
        """Type of each column: ``int64``, ``float64`` or ``utf8``."""
        return dict(zip(self._native.columns, self._native.types, strict=True))

    def to_dict(self) -> dict[str, list[Any]]:
        """The columns as lists by name; a missing value is ``None``."""
        return self._native.to_dict()

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a data frame of pandas, which must be installed; a missing number is NaN."""
        import pandas

        return pandas.DataFrame(self.to_dict())

    def __len__(self) -> int:
        return len(self._native)

    def __repr__(self) -> str:
        return f"<table {self.name}: {len(self)} rows of {', '.join(self.columns)}>"

    def __arrow_c_schema__(self) -> object:
        return self._native.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._native.__arrow_c_stream__(requested_schema)


class _Named(Mapping[str, _V], Generic[_V]):
    """A mapping whose values are made when they are asked for."""

    def __init__(self, names: list[str], get: Callable[[str], _V]) -> None:
        self._names = names
        self._get = get

    def __getitem__(self, name: str) -> _V:
        return self._get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<{len(self)}: {', '.join(self)}>"


class Tables(_Named[Table]):
    """The tables of results by name."""


class Plot(str):
    """A chart as the text of an SVG file, which a notebook shows."""

    def _repr_svg_(self) -> str:
        return str(self)


class Plots(_Named[Plot]):
    """The charts of results by name, each as the text of an SVG file."""


class Results(Mapping[str, Figure]):
    """The results of one scenario: a mapping from the path of a figure to the figure, with tables and a report."""

    def __init__(self, native: _native.Results) -> None:
        self._native = native

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __getitem__(self, path: str) -> Figure:
        """Finds a figure by its path.

        Raises ``MissingError``, which is a ``KeyError`` too, for a figure that these results do not have.
        """
        return _figure(self._native.figure(path))

    def __iter__(self) -> Iterator[str]:
        return (figure.path for figure in self.figures)

    def __len__(self) -> int:
        return len(self._native.figures())

    @property
    def figures(self) -> list[Figure]:
        """All figures: those of windows, of the long horizon, of windows sampled from it, and capacities."""
        return [_figure(shown) for shown in self._native.figures()]

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return self._native.scenario

    @property
    def digest(self) -> str:
        """Digest of the results, which the command prints for the same scenario, options and seed."""
        return self._native.digest

    @property
    def partial(self) -> str | None:
        """The reason why the results are partial; ``None`` if they are complete."""
        return self._native.partial

    def meets(self, path: str, condition: str) -> bool | None:
        """Whether the whole interval of a figure meets a condition as in ``[[expect]]``, such as ``< 500ms``.

        ``None`` if the interval lies on both sides of the bound or there is no value.
        """
        return self._native.meets(path, condition)

    def unmet(self) -> list[str]:
        """The expectations that do not hold, one sentence each; empty if all hold."""
        return self._native.unmet()

    def text(self) -> str:
        """The text that the command prints: answers, tables and checks, 100 columns wide."""
        return self._native.text()

    def difference(self, other: Results, path: str) -> Figure:
        """The paired difference of a figure, these results minus ``other``, with its interval."""
        found = self._native.difference(other._native, path)
        value, low, high, level, method, unit, text = found
        return Figure(path, value, low, high, level, method, unit, None, f"{path} {text}")

    @property
    def tables(self) -> Tables:
        """The tables by name; ``docs/results.md`` explains their columns."""
        native = self._native
        return Tables(native.tables(), lambda name: Table(name, native.table(name)))

    @property
    def plots(self) -> Plots:
        """The charts by name, each as the text of an SVG file."""
        native = self._native
        files = [name for name in native.files() if name.endswith(".svg")]
        by_name = {os.path.basename(name).removesuffix(".svg"): name for name in files}

        def read(name: str) -> Plot:
            return Plot(_text(native, by_name[name]))

        return Plots(list(by_name), read)

    @property
    def report_html(self) -> str:
        """The report as one page of HTML without references to other files."""
        return _text(self._native, "report.html")

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes report, tables and scenario into a folder, completely or not at all, as the command does.

        Raises ``Error`` if other results or other files are there.
        """
        self._native.save(folder)

    def __repr__(self) -> str:
        partial = f", partial: {self.partial}" if self.partial else ""
        return f"<results of {self.scenario}: {len(self)} figures, {self.digest}{partial}>"

    def _repr_html_(self) -> str:
        # The page allows itself its one script alone; the frame has no origin and nothing of the notebook.
        return (
            f'<iframe sandbox="allow-scripts" title="Report of {html.escape(self.scenario)}" '
            f'style="box-sizing:border-box;width:100%;height:{_HEIGHT}px;border:1px solid #8886" '
            f'srcdoc="{html.escape(self.report_html)}"></iframe>'
        )


def _text(native: _native.Results, name: str) -> str:
    found = native.file(name)
    return "" if found is None else found.decode()


class Comparison:
    """A comparison of scenarios, each with the one before it: costs, gains, and figures without a difference."""

    def __init__(self, native: _native.Comparison) -> None:
        self._native = native

    def text(self) -> str:
        """The text that the command prints, 100 columns wide: each step in words, then the tables."""
        return self._native.text()

    @property
    def table(self) -> Table:
        """The figures of all scenarios, with the columns of ``comparison.csv``."""
        return Table("comparison", self._native.table())

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes report and tables of the comparison into a folder, completely or not at all."""
        self._native.save(folder)

    def __str__(self) -> str:
        return self.text()
