"""Several processes, each behind a pipe of its own, that end with the block they are asked for in."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any


@contextmanager
def processes(n: int) -> Iterator[Callable[..., Future[Any]]]:
    """A function that has another one called in one of n processes, which end with the block.

    Each has a pipe of its own, and a thread here that waits at it. So the end of one that is killed is seen, even in the middle
    of an answer; at a queue that all share (`ProcessPoolExecutor`) the rest of that answer would be waited for without end.
    """
    # not by fork: threads of this process and open outputs have no business in the others
    spawn = multiprocessing.get_context("spawn")
    own = threading.local()
    started: list[tuple[BaseProcess, Connection]] = []

    def start() -> None:
        pipe, there = spawn.Pipe()
        process = spawn.Process(target=_serve, args=(there,), daemon=True)
        try:
            process.start()
        finally:
            there.close()
        started.append((process, pipe))
        own.pipe = pipe

    def ask(*given: Any) -> Any:
        # not as the pool's initializer: where that fails, as when Ctrl-C ends a process that begins, the pool takes the word
        # to end from its queue, and another thread would wait for it without end
        try:
            if not hasattr(own, "pipe"):
                start()
            own.pipe.send(given)
            answer, error = own.pipe.recv()
        except (EOFError, OSError):
            raise RuntimeError("a process was killed, perhaps for want of memory; use fewer --jobs") from None
        if error is not None:
            raise error
        return answer

    def end() -> None:
        for process, _ in started:
            process.terminate()

    threads = ThreadPoolExecutor(n)
    try:
        yield partial(threads.submit, ask)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        end()
        threads.shutdown()
        end()  # one may have been about to begin
        for process, pipe in started:
            process.join()
            pipe.close()


def _serve(pipe: Connection) -> None:
    """Do what comes through a pipe, one thing after the other, and answer with what comes out or with the error.

    Ctrl-C reaches all processes, and the first one ends the others; where it was killed, they end themselves.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    with suppress(EOFError, BrokenPipeError):  # nobody asks any more
        while True:
            work, *given = pipe.recv()
            pipe.send(_answer(work, given))


def _answer(work: Callable[..., Any], given: Sequence[Any]) -> tuple[Any, Exception | None]:
    try:
        return work(*given), None
    except Exception as error:  # whatever it is: it is raised where it was asked for
        error.add_note(traceback.format_exc())
        return None, error
