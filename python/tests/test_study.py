"""Promises: several runs at once: parts, sweeps that resume, comparisons, capacities."""

from pathlib import Path

import pytest
from conftest import DESK, PRECISE, YEARS

import fivenines as fn
from fivenines import _study


def test_parts_in_any_order_give_the_results_of_the_run(desk: fn.Scenario) -> None:
    parts = [desk.part(number, 3, seed=7) for number in (3, 1, 2)]
    assert fn.missing(parts) is None
    assert fn.merge(parts).digest == desk.run(seed=7).digest
    round = fn.missing(parts[:2])
    assert round is not None
    assert (
        fn.merge([*parts[:2], desk.part_of(round, 1, 1, seed=7)]).digest == desk.run(seed=7).digest
    )
    with pytest.raises(fn.Error, match="shard 2/3 is missing"):
        fn.merge(parts[:2])
    with pytest.raises(fn.Error, match="different runs"):
        fn.merge([parts[0], desk.part(1, 3, seed=8)])
    with pytest.raises(fn.Error, match="no part of a run"):
        fn.merge([b"something else"])


def test_parts_are_combined_in_any_grouping(desk: fn.Scenario) -> None:
    parts = [desk.part(number, 4, seed=7) for number in (1, 2, 3, 4)]
    two = fn.combine([parts[3], parts[0]])
    assert fn.combine([two, *parts]) == fn.combine(parts)
    assert fn.merge([parts[2], two, parts[1]]).digest == desk.run(seed=7).digest
    with pytest.raises(fn.Error, match="shards 2/4, 3/4 are missing"):
        fn.merge([two])
    with pytest.raises(fn.Error, match="different runs"):
        fn.combine([two, desk.part(1, 4, seed=8)])


def test_years_are_divided_into_parts_in_rounds() -> None:
    pair = fn.Scenario.from_str(YEARS)
    parts = [pair.part(number, 2) for number in (1, 2)]
    rounds = 0
    while (round := fn.missing(parts)) is not None:
        parts += [pair.part_of(round, number, 2) for number in (1, 2)]
        rounds += 1
    assert fn.merge(parts).digest == pair.run().digest
    # The years without the crash are a round of their own.
    assert rounds == 1


def test_a_sweep_runs_all_combinations_in_order(desk: fn.Scenario) -> None:
    grid = {"station.desk.servers": [1, 2], "workload.visitors.rate": ["10/s", "20/s"]}
    all = list(fn.sweep(desk, grid, replications=2))
    assert [tuple(assignment.values()) for assignment, _ in all] == [
        (1, "10/s"),
        (1, "20/s"),
        (2, "10/s"),
        (2, "20/s"),
    ]
    # By pairs: twice the rate is twice the load, twice the servers half of it.
    load = [results["utilization.desk@busy"].value for _, results in all]
    assert load[0] < load[1] and load[2] < load[0] and load[3] < load[1]
    with pytest.raises(fn.ScenarioError):
        fn.sweep(desk, {"station.desk.servers": [1, 0]})


def test_a_sweep_resumes_where_it_stopped(
    desk: fn.Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = {"workload.visitors.rate": ["10/s", "20/s", "30/s"]}
    begun = fn.sweep(desk, grid, folder=tmp_path, seed=5)
    first = next(begun)[1].digest
    assert len(list(tmp_path.glob("*.part"))) == 1
    begun.close()
    simulated: list[int] = []
    keep = _study.keep
    monkeypatch.setattr(_study, "keep", lambda *part: (simulated.append(1), keep(*part)))
    digests = [results.digest for _, results in fn.sweep(desk, grid, folder=tmp_path, seed=5)]
    assert len(simulated) == 2 and digests[0] == first
    assert digests == [results.digest for _, results in fn.sweep(desk, grid, seed=5)]
    assert [
        results.digest for _, results in fn.sweep(desk, grid, folder=tmp_path, seed=5)
    ] == digests
    assert len(simulated) == 2
    # Other options are another run; a damaged file is simulated again.
    list(fn.sweep(desk, grid, folder=tmp_path, seed=6))
    assert len(simulated) == 5
    for path in tmp_path.glob("*.part"):
        path.write_bytes(path.read_bytes()[:-1])
    assert [
        results.digest for _, results in fn.sweep(desk, grid, folder=tmp_path, seed=5)
    ] == digests


def test_a_sweep_keeps_every_round_of_a_precision(tmp_path: Path) -> None:
    precise = fn.Scenario.from_str(PRECISE)
    grid = {"run.seed": [3]}
    ((_, results),) = fn.sweep(precise, grid, folder=tmp_path)
    assert results.digest == precise.run(seed=3).digest
    ((_, again),) = fn.sweep(precise, grid, folder=tmp_path)
    assert again.digest == results.digest


def test_scenarios_are_compared(desk: fn.Scenario) -> None:
    two = desk.set({"station.desk.servers": 2, "scenario": "two-desks"})
    comparison = fn.compare([desk, two], replications=2)
    assert "two-desks" in comparison.text()
    assert set(comparison.table.to_dict()["scenario"]) == {"desk", "two-desks"}
    mixed = fn.compare([desk.run(replications=2), two], replications=2)
    assert "two-desks" in mixed.text()
    with pytest.raises(fn.Error, match="the same name") as raised:
        fn.compare([desk, desk], replications=2)
    assert raised.value.help is not None and "scenario.set(" in raised.value.help


def test_the_capacity_of_a_class_is_a_figure() -> None:
    text = DESK + 'objective.page.latency = { p95 = "200ms" }\n'
    desk = fn.Scenario.from_str(text).set("window.busy.level", "20/s")
    found = fn.capacity(desk, "page", quick=True)
    assert found.path == "capacity.page[objective=p95]"
    # Exponential sojourn with rate 50 - load: p95 = ln 20 / (50 - load) = 0.2 s at a load of 35/s.
    assert found.value == pytest.approx(35, rel=0.15)
    with pytest.raises(fn.Error):
        fn.capacity(desk, "page", "p99")
