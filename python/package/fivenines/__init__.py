"""fivenines: a deterministic discrete-event datacenter simulator.

    import fivenines as fn

    desk = fn.Scenario.load("desk.toml")
    results = desk.run(seed=7, replications=10)
    print(results["latency.page.p95@busy"])

The same scenario, options and seed give the same digest here, in the command ``fivenines`` and on a Dask cluster.
"""

from importlib.metadata import version as _version

from ._errors import Diagnostic, Error, MissingError, ScenarioError
from ._results import Comparison, Figure, Plot, Plots, Results, Table, Tables
from ._scenario import Difference, Drawing, Scenario, check
from ._study import capacity, combine, compare, diff, merge, missing, sweep

__version__ = _version("fivenines")

__all__ = [
    "Comparison",
    "Diagnostic",
    "Difference",
    "Drawing",
    "Error",
    "Figure",
    "MissingError",
    "Plot",
    "Plots",
    "Results",
    "Scenario",
    "ScenarioError",
    "Table",
    "Tables",
    "capacity",
    "check",
    "combine",
    "compare",
    "diff",
    "merge",
    "missing",
    "sweep",
]

# Messages and copies name the classes as users do.
for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = __name__
del _name
