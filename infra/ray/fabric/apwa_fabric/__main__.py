"""`python -m apwa_fabric --cluster NAME --generation N --nats-url-file FILE`: the job that the executor submits."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import get_args

import ray

from .calling import open_on_ray
from .cluster import Cluster
from .fabric import Fabric, Identity
from .placing import place_on_ray
from .sandbox import SandboxChoice
from .sandboxes import Sandboxes, probe_on_ray

log = logging.getLogger("apwa_fabric")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="apwa_fabric", description=__doc__)
    parser.add_argument("--cluster", required=True, help="the cluster's name in its definition")
    parser.add_argument("--generation", required=True, type=int, help="of the fabrics of this cluster")
    parser.add_argument("--sandbox", choices=get_args(SandboxChoice), required=True, help="for what a model wrote")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--nats-url", help="where NATS listens; holds no password, for Ray shows it to who asks")
    where.add_argument("--nats-url-file", type=Path, help="a file on the head that holds the address")
    parser.add_argument("--nats-ca-file", type=Path, help="who may vouch for NATS' certificate")
    return parser.parse_args()


async def _run(cluster: str, generation: int, sandbox: SandboxChoice, nats_url: str, nats_ca_file: Path | None) -> str:
    ray.init(address="auto", log_to_driver=False, configure_logging=False)
    seen = Cluster(Sandboxes(partial(probe_on_ray, sandbox)))
    await seen.look()
    identity = Identity(cluster, generation)
    fabric = Fabric(identity, seen, partial(place_on_ray, seen), partial(open_on_ray, seen, sandbox))
    # Jobs are stopped by SIGTERM, and by SIGKILL a few seconds later.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, fabric.end, "it was told to stop", 1.0)
    return await fabric.serve(nats_url, nats_ca_file)


def main() -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    arguments = _arguments()
    file: Path | None = arguments.nats_url_file
    nats_url = file.read_text().strip() if file else arguments.nats_url
    run = _run(arguments.cluster, arguments.generation, arguments.sandbox, nats_url, arguments.nats_ca_file)
    reason = asyncio.run(run)
    log.info("ended: %s", reason)
    # Not by way of Ray's own clean-up: it waits for a cluster that may be gone.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
