"""The recipe for several machines (docs/index.md): the same signatures in datasketch's index over a real Redis."""

import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

from quality.index import Index
from quality.text import Batch

PAGE = (Path(__file__).parents[1] / "docs" / "index.md").read_text("utf8")
SERVER = shutil.which("redis-server")


@pytest.fixture
def port(tmp_path):
    """A server of this test's own, that keeps nothing."""
    redis = pytest.importorskip("redis")
    if SERVER is None:
        pytest.skip("needs redis-server: apt-get install redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(tmp_path),
    ]
    with subprocess.Popen([SERVER, *options], stdout=subprocess.DEVNULL) as server:
        with redis.Redis("127.0.0.1", port) as client:
            for _ in range(500):
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.02)
        yield port
        server.terminate()


def texts():
    words = [f"w{k}" for k in range(400)]
    return {f"t{k}": " ".join(words[20 * k : 20 * k + 120]) for k in range(12)}


@pytest.fixture
def machine(port):
    """What the recipe defines, as on a machine of its own each time."""
    (recipe,) = re.findall(r"^```python redis\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    made = []

    def make():
        space: dict = {"host": "127.0.0.1", "port": port}
        exec(recipe, space)
        made.append(space)
        return space

    yield make
    for space in made:
        space["lsh"].keys._redis.close()
        space["server"].close()


def test_texts_under_five_words_are_like_nothing(machine):
    one = machine()
    one["add"]({"a": "Ships left.", "b": "", "t0": texts()["t0"]})
    assert one["near"]("No.") == {}
    assert one["near"](texts()["t0"]) == {"t0": 1.0}


def test_a_text_of_an_id_that_is_there_takes_its_place(machine):
    one, (first, *_, last) = machine(), texts().values()
    one["add"]({"a": first})
    one["add"]({"a": last})
    assert (one["near"](first), one["near"](last)) == ({}, {"a": 1.0})
    one["add"]({"a": "Ships left."})
    assert one["near"](last) == {}


@pytest.mark.parametrize("step", ["hset", "insert", "half"])
def test_what_was_being_added_when_a_machine_died_can_be_added_again(machine, step, monkeypatch):
    one, other, text = machine(), machine(), texts()["t0"]
    place = {
        "hset": (one["server"], "hset"),
        "insert": (one["lsh"], "insert"),
        "half": (one["lsh"].hashtables[5], "insert"),
    }
    monkeypatch.setattr(*place[step], Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        one["add"]({"a": text})
    assert other["near"](text) in ({}, {"a": 1.0})
    other["add"]({"a": text})
    assert other["near"](text) == {"a": 1.0}


def test_the_recipe_for_redis_finds_what_an_index_finds(machine, tmp_path):
    one, other = machine(), machine()
    known = texts() | {"copy": texts()["t3"] + " and more"}
    one["add"](known)
    with Index.create(tmp_path / "known.index") as index:
        index.add([(Batch.of(list(known.values())), list(known))])
        for id, text in known.items():
            of_index = index.look_up(Batch.of([text]), ["asked"]).documents[0]
            near = {d.id: d.similarity for d in of_index if d.similarity >= 0.7}
            assert other["near"](text) == near
            assert near[id] == 1.0
    assert other["near"](known["t3"])["copy"] > 0.9
    assert other["near"]("quite another text of more than five words") == {}
