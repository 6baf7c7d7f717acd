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

YEARS = """
scenario = "pair"
format = 2
run = { horizon = "2y", replications = 20 }
server.box = { count = 2, cores = 1 }
zone.www = { among = ["box"], count = 2 }
service.app = { in = "www", workers = 8 }
workload.visitors = { request = "page", rate = "20/s" }
request.page = { enter = "app", demands = { work = "20ms" }, steps = [{ cpu = "app", demand = "work" }] }
fault.crash = { hits = "server.box", how = "crash", rate = "60/year", repair = "2h" }
"""
"""Years of faults, whose report leaves out the costliest: both boxes are down some 60 times in 20 runs of 2 years."""


@pytest.fixture
def desk() -> fn.Scenario:
    return fn.Scenario.from_str(DESK)
