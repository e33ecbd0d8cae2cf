# SPDX-License-Identifier: MIT
"""Dask: a cluster of processes on this machine, or a scheduler that others have started.

A task is a whole submission, and its result is taken here, by name: a worker that dies has
its tasks done again by another one, and nothing comes twice.
"""

from __future__ import annotations

import logging
import os
import warnings
from importlib import import_module
from typing import Any, Callable, Iterator, Sequence

from .class_worker import Asked
from .errors import StrataError, UsageError

__all__ = ["results_of"]

_FAILURES = 5  # workers that may die over one submission
_PATIENCE = 20  # seconds
# A terminal sends Ctrl-C to the workers, too, but it is we who end them.
_DEAF = ["import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"]
Grade = Callable[[bytes, Asked], dict[str, Any]]


def _same(packed: bytes) -> bytes:
    """The tree as a task: the scheduler keeps it, so it outlives each worker."""
    return packed


def results_of(
    grade: Grade, packed: bytes, asked: Sequence[Asked], jobs: int, scheduler: str
) -> Iterator[dict[str, Any]]:
    """One result for each that was asked for, in the order in which they end."""
    import dask

    distributed: Any = import_module("distributed")  # it has no types for its callers
    security_of: Any = import_module("distributed.security").Security
    settings: dict[str, Any] = {"distributed.scheduler.allowed-failures": _FAILURES}
    settings["distributed.scheduler.worker-saturation"] = 1.0
    logging.getLogger("distributed").setLevel(logging.ERROR)
    # At Ctrl-C a worker may come in while the listener goes: nothing to tell of.
    logging.getLogger("tornado.application").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", "Large object", UserWarning)  # it is meant to be there
    os.environ["DASK_DISTRIBUTED__LOGGING__DISTRIBUTED"] = "critical"
    with dask.config.set(settings):
        if scheduler:
            client = _client(distributed, scheduler)
            cluster = None
        else:
            # Others on this machine may not give work to these processes.
            security = security_of.temporary()
            cluster = distributed.LocalCluster(
                n_workers=min(jobs, len(asked)),
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                memory_limit=0,
                security=security,
                protocol="tls://",
                preload=_DEAF,
            )
            client = distributed.Client(cluster, security=security)
        try:
            tree = client.submit(_same, packed, pure=False)
            futures = {
                client.submit(grade, tree, one, pure=False, key=f"grade-{at}-{one.name}"): one
                for at, one in enumerate(asked)
            }
            for future in distributed.as_completed(list(futures)):
                one = futures.pop(future)
                if future.status == "finished":
                    yield future.result()
                elif isinstance(future.exception(), StrataError):
                    raise future.exception()
                else:
                    yield _lost(one, future)
                future.release()
        finally:
            client.close()
            if cluster is not None:
                cluster.close()


def _client(distributed: Any, scheduler: str) -> Any:
    """Of a scheduler that has workers."""
    try:
        client = distributed.Client(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        raise UsageError(f"SCHEDULER={scheduler}: no scheduler answers there: {error}") from None
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except (TimeoutError, distributed.TimeoutError):
        client.close()
        raise UsageError(f"SCHEDULER={scheduler}: has no worker; start dask-worker") from None
    return client


def _lost(one: Asked, future: Any) -> dict[str, Any]:
    """It ended every worker that took it."""
    why = f"it was given up: {type(future.exception()).__name__}"
    return {
        "name": one.name,
        "results": None,
        "said": "",
        "seconds": 0.0,
        "trouble": why,
        "lost": True,
    }
