"""The environment of an edit by servers of one's own, of which nothing is said but their addresses."""

import os
from pathlib import Path


def with_servers(folder: Path, **addresses: str) -> dict[str, str]:
    """Variables for a process whose settings name servers of these names, in this order."""
    settings = folder / "config.toml"
    settings.write_text(
        "".join(f'[servers.{name}]\nbase_url = "{address}"\n' for name, address in addresses.items())
    )
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith(("EDITSVC_", "CEREBRAS_"))
    }
    return plain | {
        "HOME": str(folder),
        "EDITSVC_DATA_DIR": str(folder / "data"),
        "EDITSVC_CONFIG": str(settings),
    }
