"""Promises: figures, tables and charts of results are those of the command, in the types of Python."""

import math
import multiprocessing
import os
from pathlib import Path

import pytest
from conftest import DESK

import fivenines as fn

MEAN = "latency.page.mean@busy"


@pytest.fixture(scope="module")
def results() -> fn.Results:
    return fn.Scenario.from_str(DESK).run(seed=7)


def test_a_figure_is_found_by_its_path_with_its_interval(results: fn.Results) -> None:
    mean = results[MEAN]
    assert mean.low < mean.value == float(mean) < mean.high
    assert (mean.level, mean.method, mean.unit, mean.reason) == (0.95, "student-t", "s", None)
    assert repr(mean) == f"<{mean.text}>" and str(mean).startswith(f"{MEAN} ")
    assert f"{mean:.3f}" == f"{mean.value:.3f}"
    assert MEAN in results and mean in results.figures
    assert list(results) == [figure.path for figure in results.figures]
    assert len(results) == len(results.figures)
    # Offered load 20/s of 20 ms on one server.
    assert results["utilization.desk@busy"].value == pytest.approx(0.4, rel=0.5)


def test_a_figure_that_does_not_exist_is_an_error_with_the_nearest(results: fn.Results) -> None:
    with pytest.raises(fn.Error, match="no figure") as raised:
        results["latency.page.p95@bussy"]
    assert isinstance(raised.value, KeyError) and raised.value.help is not None
    assert "run(figures=[...])" in raised.value.help and "Run::" not in str(raised.value)
    assert results.get("latency.page.p95@bussy") is None
    assert "latency.page.p95@bussy" not in results


def test_a_figure_without_a_value_is_nan_with_the_reason() -> None:
    path = "latency.page.p999@busy"
    figure = fn.Scenario.from_str(DESK).run(figures=path)[path]
    assert math.isnan(figure.value) and math.isnan(float(figure)) and figure.unit is None
    assert figure.reason and figure.reason in str(figure)


def test_options_that_are_invalid_are_refused(desk: fn.Scenario) -> None:
    for wrong in [
        {"quick": True, "replications": 3},
        {"solver": "both"},
        {"replications": 0},
        {"seed": -1},
        {"threads": 0},
        {"figures": ["latency.nothing.p95@busy"]},
    ]:
        with pytest.raises(fn.Error):
            desk.run(**wrong)


def test_the_number_of_threads_changes_nothing(desk: fn.Scenario, results: fn.Results) -> None:
    assert (
        desk.run(seed=7, threads=1).digest == results.digest == desk.run(seed=7, threads=3).digest
    )
    assert desk.run(seed=8).digest != results.digest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked on this system")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_forked_process_can_run_too(desk: fn.Scenario, results: fn.Results) -> None:
    # A pool of threads that the parent had started would not be there.
    child = multiprocessing.get_context("fork").Pool(1)
    with child:
        assert child.apply_async(_digest, (desk,)).get(timeout=20) == results.digest


def _digest(scenario: fn.Scenario) -> str:
    return scenario.run(seed=7).digest


def test_precision_adds_replications(desk: fn.Scenario) -> None:
    free = desk.set("window.busy.replications", {"min": 10, "max": 200})
    precise = free.run(precision={MEAN: 0.1})[MEAN]
    assert precise.high - precise.low <= 2 * 0.1 * precise.value


def test_progress_is_reported_in_the_thread_that_runs(desk: fn.Scenario) -> None:
    import threading

    seen: list[tuple[int, int, bool]] = []
    here = threading.current_thread()
    desk.run(
        progress=lambda done, total: seen.append((done, total, threading.current_thread() is here))
    )
    assert seen[-1] == (4, 4, True)
    desk.run(progress=True)

    def fails(done: int, total: int) -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        desk.run(progress=fails)


def test_expectations_that_do_not_hold_are_sentences(
    desk: fn.Scenario, results: fn.Results
) -> None:
    assert results.unmet() == []
    strict = desk.set("expect", [{"figure": "utilization.desk@busy", "is": "> 0.9"}]).run()
    assert len(strict.unmet()) == 1 and strict.unmet()[0].startswith(
        "utilization.desk@busy must be > 0.9"
    )
    assert results.meets("utilization.desk@busy", "< 0.95") is True
    assert results.partial is None


def test_a_paired_difference_has_an_interval(desk: fn.Scenario, results: fn.Results) -> None:
    two = desk.set("station.desk.servers", 2).run(seed=7)
    less = two.difference(results, "utilization.desk@busy")
    assert less.high < 0 and less.unit == "share"


def test_a_column_has_one_type_by_its_values(results: fn.Results) -> None:
    assert "latency" in results.tables and "nothing" not in results.tables
    latency = results.tables["latency"]
    assert latency.columns[0] == "window"
    kinds = set(latency.types.values())
    assert latency.types["window"] == "utf8" and {"utf8", "int64", "float64"} >= kinds >= {
        "utf8",
        "float64",
    }
    columns = latency.to_dict()
    assert list(columns) == latency.columns and {len(column) for column in columns.values()} == {
        len(latency)
    }
    of = {"utf8": str, "int64": int, "float64": float}
    for table in results.tables.values():
        for name, kind in table.types.items():
            assert {type(value) for value in table.to_dict()[name]} <= {of[kind], type(None)}, (
                table,
                name,
            )
    with pytest.raises(KeyError):
        results.tables["nothing"]


def test_pyarrow_reads_a_table(results: fn.Results) -> None:
    pa = pytest.importorskip("pyarrow")
    for table in results.tables.values():
        read = pa.table(table)
        names = {"utf8": "string", "int64": "int64", "float64": "double"}
        assert {field.name: str(field.type) for field in read.schema} == {
            name: names[kind] for name, kind in table.types.items()
        }
        assert read.to_pydict() == table.to_dict()
        assert pa.schema(table).equals(read.schema)


def test_polars_reads_a_table(results: fn.Results) -> None:
    pl = pytest.importorskip("polars")
    table = results.tables["utilization"]
    assert pl.DataFrame(table).to_dict(as_series=False) == table.to_dict()


def test_pandas_reads_a_table(results: fn.Results) -> None:
    pd = pytest.importorskip("pandas")
    table = results.tables["utilization"]
    frame = table.to_pandas()
    assert list(frame.columns) == table.columns and len(frame) == len(table)
    if hasattr(pd.DataFrame, "from_arrow"):
        pytest.importorskip("pyarrow")
        assert list(pd.DataFrame.from_arrow(table)["component"]) == list(frame["component"])


def test_charts_report_and_folder_are_those_of_the_command(
    results: fn.Results, tmp_path: Path
) -> None:
    assert "utilization-busy" in results.plots
    assert all("<svg" in text for text in results.plots.values())
    results.save(tmp_path / "desk")
    assert (tmp_path / "desk" / "report.html").read_text() == results.report_html
    assert results.digest in (tmp_path / "desk" / "manifest.json").read_text()
    assert results.digest in results.text()
    with pytest.raises(fn.Error):
        fn.Scenario.from_str(DESK).run(seed=8).save(tmp_path / "desk")


def test_a_notebook_shows_the_report_in_a_frame_of_its_own(results: fn.Results) -> None:
    shown = results._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts"') and shown.count("<iframe") == 1
    # Nothing of the page is outside the attribute.
    assert shown.count('"') == 8 and "<script" not in shown
