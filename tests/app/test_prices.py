"""What output costs, for whoever judges predictions: a price belongs to a model at a server."""

from editsvc.app.servers import price_of
from editsvc.prediction.policy import Cell
from editsvc.provider import models
from editsvc.settings.schema import Layer, resolve

NAME = "gpt-oss-120b"
LISTED = models.table({})[NAME].usd_per_million_output


def test_the_same_model_costs_what_each_server_takes_for_it() -> None:
    tables = {
        "cerebras": {},
        "ollama": {"base_url": "http://127.0.0.1:11434", "dialect": "ollama"},
        "proxy": {"base_url": "https://models.example.com/v1"},
        "dear": {"base_url": "https://dear.example.com/v1", "usd_per_million_output": 60.0},
    }
    price = price_of(resolve([Layer("a file", {"servers": tables})]).settings)
    found = {name: price(Cell(name, NAME)) for name in (*tables, "gone")}
    assert found == {"cerebras": LISTED, "ollama": 0.0, "proxy": None, "dear": 60.0, "gone": LISTED}


def test_a_model_that_nobody_lists_has_no_price() -> None:
    price = price_of(resolve([]).settings)
    assert price(Cell("cerebras", "of-another-year")) is None
    assert price(Cell("cerebras", NAME)) == LISTED
