"""Scenarios that take milliseconds."""

import pytest

import fivenines as fn

DESK = """
scenario = "desk"
format = 2
station.desk = { servers = 1, service = { dist = "exponential", mean = "20ms" } }
request.page.steps = [{ visit = "desk" }]
workload.visitors = { request = "page", rate = "20/s" }
window.busy = { length = "5s", replications = 4 }
"""

LONG = DESK.replace('length = "5s"', 'length = "2min"').replace(
    "replications = 4", "replications = 100000"
)
"""A run of hours."""

PRECISE = (
    DESK
    + """
[run.precision]
"latency.page.mean@busy" = 0.2
"""
)
PRECISE = PRECISE.replace(", replications = 4", "")
"""A run whose number of replications is known only after the first of them."""


@pytest.fixture
def desk() -> fn.Scenario:
    return fn.Scenario.from_str(DESK)
