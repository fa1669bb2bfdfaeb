"""Processes of this machine that share out work."""

import contextlib
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context


class WorkerError(RuntimeError):
    """A worker process died."""


@contextlib.contextmanager
def pool_of(workers: int, start=None, arguments: tuple = ()) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of fresh processes, each of which calls start(*arguments) first.

    At the end it is shut down, without what has not been begun.

    Raises:
        WorkerError: a worker died.
    """
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=start, initargs=arguments
    )
    try:
        yield pool
    except BrokenProcessPool as error:
        # Before 3.11.5 the pool waits forever for tasks to be taken that nobody is left to take
        # (CPython's issue 94777): a pipe without a reader ends that.
        if sys.version_info < (3, 11, 5):
            pool._call_queue._reader.close()
        raise WorkerError(
            "A worker process died (killed, or out of memory?). Run the same command again, with "
            "fewer processes if memory is short."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
