"""Promise: the notebooks run as they are."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

EXAMPLES = Path(__file__).parents[1] / "examples"
NEEDS = {
    "first-site": ["pandas"],
    "sweep": ["altair", "pandas"],
    "calibrate": ["numpy"],
    "dask": ["distributed"],
}


def test_every_notebook_is_known() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.ipynb")} == set(NEEDS)


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_a_notebook_runs(name: str) -> None:
    for package in NEEDS[name]:
        pytest.importorskip(package)
    book = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    client = nbclient.NotebookClient(book, timeout=60, resources={"metadata": {"path": EXAMPLES}})
    client.execute()
    # Outputs are not kept in the repository.
    kept = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in kept.cells)
