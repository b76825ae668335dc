"""The table in the docs, from a run: python -m tests.conformance.table > docs/providers/conformance.md"""

import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.conformance.cases import CASES
from tests.conformance.local import Noting, run_local
from tests.conformance.run import PROFILES, run_case
from tests.simulators import tls

PAGE = Path(__file__).parents[2] / "docs/providers/conformance.md"
LOCAL = "local"
COLUMNS = (*PROFILES, LOCAL)
_HEAD = """# What each provider does in a call

You choose a model and want to know what a caller will notice of it. Every cell was seen in a call: the real worker, over
real sockets to a server that speaks the provider's protocol from a script; `local` is the embedded model itself, which was
written to. The tests compare this page with what they see (`tests/conformance`). What a scripted model says proves nothing
about the real one: `make test-live` holds a short call with each provider for which there is a key.
"""
_FOOT = """
`azure legacy` is the API of `OPENAI_API_VERSION`. `vertex` is Gemini on Vertex AI, with a model that waits for its tools:
a word meanwhile, ours or the caller's, makes it drop its call, and it is told the result in a note.
"""


def read() -> Mapping[tuple[str, str], str]:
    """The cells, by provider and case."""
    rows = [line.strip("|").split("|") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    names = [name.strip() for name in rows[0][1:]]
    return {(name, row[0].strip()): cell.strip() for row in rows[1:] for name, cell in zip(names, row[1:], strict=True)}


def run(name: str, case: str, folder: Path) -> str:
    return run_local(case, folder, _brain()) if name == LOCAL else run_case(name, case, folder)


@cache
def _brain() -> Noting:
    return Noting()


def page(cells: Mapping[tuple[str, str], str]) -> str:
    rows = [["", *COLUMNS], *([case, *(cells[name, case] for name in COLUMNS)] for case in CASES)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([_HEAD, lines[0], "|---" * len(rows[0]) + "|", *lines[1:], _FOOT])


def main() -> None:
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        tls.write_bundle(Path(folder) / "authorities.pem")
        os.environ["SSL_CERT_FILE"] = f"{folder}/authorities.pem"
        cells = dict[tuple[str, str], str]()
        for name in COLUMNS:
            for case in CASES:
                place = Path(folder) / f"{name}-{len(cells)}"
                place.mkdir()
                cells[name, case] = run(name, case, place)
    sys.stdout.write(page(cells))


if __name__ == "__main__":
    main()
