"""Serves a model over HTTP, as llama.cpp does: ``serve.py MODEL.gguf``; prints the address when it is ready.

Ends when its standard input does, so that nothing is left behind by a test that was killed.
"""

import sys

import xllamacpp  # type: ignore[import-not-found]


def main() -> None:
    """Serve until nobody listens any more."""
    params = xllamacpp.CommonParams()
    params.model.path = sys.argv[1]
    params.n_ctx = 4096
    params.port = 0
    params.n_parallel = 1
    # A second thread only waits for the first on a busy machine.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.use_jinja = True
    params.fit_params = False
    server = xllamacpp.Server(params)
    sys.stdout.write(server.listening_address + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
