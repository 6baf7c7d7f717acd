"""Promises: a scenario is read, changed and checked as the command does; whatever is wrong has its place."""

import datetime
import pickle
import tomllib
from pathlib import Path

import pytest
from conftest import DESK

import fivenines as fn


def test_a_scenario_is_the_same_from_a_file_a_text_and_a_dictionary(
    tmp_path: Path, desk: fn.Scenario
) -> None:
    path = tmp_path / "desk.toml"
    path.write_text(DESK)
    of_file, of_dict = fn.Scenario.load(path), fn.Scenario.from_dict(tomllib.loads(DESK))
    assert of_file == of_dict == desk
    assert (desk.name, desk.monthly_cost) == ("desk", None)
    assert fn.Scenario.from_str(desk.to_toml()).digest == desk.digest
    assert (of_file.folder, repr(desk)) == (tmp_path, f"<scenario desk, {desk.digest}>")


def test_a_change_gives_another_scenario_and_leaves_the_first(desk: fn.Scenario) -> None:
    busier = desk.set("workload.visitors.rate", "30/s")
    assert busier.digest != desk.digest and busier.changes == ['workload.visitors.rate="30/s"']
    assert fn.diff(desk, busier) == [fn.Difference("workload.visitors.rate", "20/s", "30/s")]
    assert fn.diff(desk, desk) == []
    # A window without a length cannot be run, so the level alone is refused.
    with pytest.raises(fn.ScenarioError):
        desk.set("window.calm.level", "10/s")
    both = desk.set({"window.calm.length": "4s", "window.calm.level": "10/s"})
    assert str(fn.diff(desk, both)[0]).startswith("window.calm")


def test_values_of_python_are_values_of_the_language(desk: fn.Scenario) -> None:
    second = desk.set("window.busy.length", datetime.timedelta(seconds=1))
    assert second == desk.set("window.busy.length", "1s")
    law = {"dist": "exponential", "mean": "10ms"}
    assert desk.set("station.desk.service", law) == desk.set("station.desk.service.mean", "10ms")
    steps = desk.set("request.page.steps", [{"visit": "desk"}, {"visit": "desk"}])
    assert steps.digest != desk.digest
    with pytest.raises(TypeError, match=r"`station.desk.service.mean`: .* not NoneType"):
        desk.set("station.desk", {"service": {"mean": None}})


def test_numbers_of_numpy_are_values_of_the_language(desk: fn.Scenario) -> None:
    np = pytest.importorskip("numpy")
    two = desk.set("station.desk.servers", 2)
    assert all(desk.set("station.desk.servers", count) == two for count in np.array([2, 2]))
    assert desk.set("run.confidence", np.float64(0.95)) == desk.set("run.confidence", 0.95)


def test_an_error_has_its_place_and_a_correction() -> None:
    with pytest.raises(fn.ScenarioError) as raised:
        fn.Scenario.from_str(DESK.replace("servers = 1", "severs = 1"))
    first = raised.value.diagnostics[0]
    assert (first.line, first.field, first.is_error) == (4, "station.desk.severs", True)
    assert first.code.startswith("E") and first.column > 1
    assert first.help == "did you mean `servers`?" and first.help in str(raised.value)
    assert isinstance(raised.value, fn.Error)
    with pytest.raises(fn.Error, match="there is no file `no-such"):
        fn.Scenario.load("no-such.toml")


def test_check_lists_errors_and_warnings(desk: fn.Scenario) -> None:
    assert [one.field for one in fn.check('scenario = "desk"\nformat = 2\n')] == ["horizon"]
    assert desk.check() == [] and fn.check(DESK) == []
    overloaded = desk.set("workload.visitors.rate", "60/s").check()
    assert overloaded and not any(one.is_error for one in overloaded)


def test_errors_and_scenarios_reach_another_process_whole(desk: fn.Scenario) -> None:
    again = pickle.loads(pickle.dumps(desk))
    assert again == desk and again.run(replications=2).digest == desk.run(replications=2).digest
    with pytest.raises(fn.ScenarioError) as raised:
        desk.set("station.desk.servers", 0)
    copy = pickle.loads(pickle.dumps(raised.value))
    assert str(copy) == str(raised.value) and copy.diagnostics == raised.value.diagnostics
    plain = pickle.loads(pickle.dumps(fn.Error("no", "yes")))
    assert (plain.message, plain.help, str(plain)) == ("no", "yes", "no\n  help: yes")


def test_a_drawing_is_a_picture_with_words(desk: fn.Scenario) -> None:
    drawing = desk.drawing()
    assert drawing.startswith("<?xml") and "desk" in drawing.words
    assert pickle.loads(pickle.dumps(drawing)).words == drawing.words


def test_times_are_recorded_traffic(desk: fn.Scenario) -> None:
    # 10 requests per second for 5 s, from any origin: 50 in the window, whatever is drawn.
    times = [1000.05 + number / 10 for number in range(50)]
    recorded = desk.with_trace("visitors", times)
    assert recorded.digest != desk.digest
    requests = recorded.run(replications=2).tables["requests"].to_dict()
    rows = zip(requests["ledger"], requests["outcome"], requests["count"], strict=True)
    assert [
        count for ledger, outcome, count in rows if (ledger, outcome) == ("attempts", "all")
    ] == [2 * 50]
    again = pickle.loads(pickle.dumps(recorded.set("run.seed", 5)))
    assert again.run(replications=2).digest == recorded.run(seed=5, replications=2).digest
    with pytest.raises(fn.Error, match="there is no workload `robots`"):
        desk.with_trace("robots", times)
    with pytest.raises(fn.Error, match="finite times"):
        desk.with_trace("visitors", [float("nan")])


def test_an_array_of_numpy_is_recorded_traffic(desk: fn.Scenario) -> None:
    np = pytest.importorskip("numpy")
    times = np.arange(0, 5, 0.125)
    assert desk.with_trace("visitors", times) == desk.with_trace("visitors", times.tolist())
