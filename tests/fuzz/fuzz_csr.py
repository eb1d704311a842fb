"""Feed the request parser with what atheris invents: only Malformed may come out of it.

    python tests/fuzz/fuzz_csr.py -max_total_time=60 [CORPUS]

Coverage guides it through our own code (ca.csr, ca.der). A request that parses goes on to
verification, out of which Unacceptable may come too. Anything else ends the run with the input
in a crash-* file.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["ca.csr", "ca.der", "ca.names"]):
    from ca.csr import verify_csr
    from ca.csr.parsing import parse_csr

from core.errors import Malformed, Unacceptable


def one_input(data: bytes) -> None:
    try:
        parse_csr(data)
    except Malformed:
        return
    try:
        verify_csr(data)
    except (Malformed, Unacceptable):
        return


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
