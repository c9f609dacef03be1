"""The product of `PYTHON_UNDER_TEST`, with a folder and settings of its own."""

import os
from pathlib import Path

import pytest
from outside import Product

_OURS = ("CEREBRAS", "EDITSVC", "PYTHON", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture
def product(tmp_path: Path) -> Product:
    folder, data = tmp_path / "work", tmp_path / "data"
    (folder / ".git").mkdir(parents=True)
    environ = {key: value for key, value in os.environ.items() if not key.upper().startswith(_OURS)}
    environ |= {
        "EDITSVC_DATA_DIR": str(data),
        "EDITSVC_EXPLORATION": "0",
        "EDITSVC_MAX_RETRIES": "0",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "HOME": str(tmp_path),
    }
    return Product(folder, data, environ)
