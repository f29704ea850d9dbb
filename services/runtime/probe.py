"""
Asks the process of this container whether it serves, for the image's HEALTHCHECK: `python -m services.runtime.probe`.

Which process that is stands in the environment that it was started with itself: the one IHALA_…_LISTEN_ADDRESS.
Exits with 0 if it serves, else with 1 and a word.
"""

import os
import re
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from services.errors import InvalidInput
from services.runtime.tls import channel_credentials

LISTENS: Final = re.compile(r"IHALA_([A-Z]+)_LISTEN_ADDRESS", re.ASCII)
PAGES: Final = ("MAPS", "GATEWAY")  #: answer HTTP, not RPCs
HEALTH_PATH: Final = "/health"
WAIT_S: Final = 3.0


def serves(environment: Mapping[str, str]) -> bool:
    """
    Ask the process that has this environment.

    Raises:
        InvalidInput: The environment is that of no process of ours, or of several.
    """
    names = [found[1] for name in environment if (found := LISTENS.fullmatch(name))]
    if len(names) != 1:
        raise InvalidInput("the environment must have one IHALA_…_LISTEN_ADDRESS")
    port = environment[f"IHALA_{names[0]}_LISTEN_ADDRESS"].rpartition(":")[2]
    tls_dir = environment.get(f"IHALA_{names[0]}_TLS_DIR")
    address = f"localhost:{port}"  # a certificate for the probe's sake names localhost, too
    return _page_answers(address, tls_dir) if names[0] in PAGES else _rpc_serves(address, tls_dir)


def _rpc_serves(address: str, tls_dir: str | None) -> bool:
    if tls_dir is None:
        channel = grpc.insecure_channel(address)
    else:
        channel = grpc.secure_channel(address, channel_credentials(Path(tls_dir)))
    with channel:
        stub: Any = HealthStub(channel)
        try:
            answer = stub.Check(HealthCheckRequest(), timeout=WAIT_S, wait_for_ready=True)
        except grpc.RpcError:
            return False
    return bool(answer.status == HealthCheckResponse.SERVING)


def _page_answers(address: str, tls_dir: str | None) -> bool:
    # no secret is sent and nothing is read: this machine's own certificate needs no check here
    trust = None if tls_dir is None else ssl._create_unverified_context()  # noqa: S323, SLF001
    url = f"{'http' if tls_dir is None else 'https'}://{address}{HEALTH_PATH}"
    try:
        with urllib.request.urlopen(url, timeout=WAIT_S, context=trust) as answer:  # noqa: S310 -- built above
            return bool(answer.status == 200)  # noqa: PLR2004 -- HTTP's word for yes
    except (urllib.error.URLError, TimeoutError):
        return False


if __name__ == "__main__":
    if not serves(os.environ):
        sys.exit("not serving")
