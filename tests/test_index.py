"""The reference index: what is known from it is told, nothing else is; and it survives what may happen to a file."""

import errno
import gzip
import json
import os
import pickle
import random
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import jsonschema
import pytest
from click.testing import CliRunner

from quality import cli, index_file
from quality import index as module
from quality.index import FURNITURE, Index
from quality.index_file import UnusableIndexError
from quality.minhash import compact, signatures
from quality.records import Record
from quality.scorer import Scorer
from quality.sketches import PER_KEY, Settings
from quality.text import Batch

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "quality" / "data" / "output.schema.json").read_text("utf8"))
FERRY = (
    "The ferry to the outer islands will not sail before Thursday, the harbour office said, because divers have "
    "found a crack in the hull and the spare ship is still in the yard at Rosvik."
)
BOATS = (
    "Two fishing boats will carry mail and medicine in the meantime, and the clinic has asked all people who need "
    "regular treatment to call before the weekend so that nobody is left waiting at the pier."
)
SCHOOL = (
    "The school on the hill has got a new roof after eleven years of buckets in the corridor; the council paid "
    "for the slates, parents for the timber, and a retired carpenter worked for nothing but his dinner."
)
MENU = "News Sport Weather Tides Fish prices Notices Letters Archive Contact"


def made_story(seed, n=3):
    """Some paragraphs that no other seed has."""
    draw = random.Random(seed)
    words = [f"w{seed}x{k}" for k in range(40)]
    return "\n\n".join(" ".join(draw.choices(words, k=45)) for _ in range(n))


def batch_of(texts):
    return Batch.of(list(texts.values())), list(texts)


def add(index, **texts):
    return index.add([batch_of(texts)])


def known(index, text, id="asked"):
    return index.look_up(Batch.of([text]), [id]).to_dict(0)


def listed(index, text, id="asked"):
    return [(d["id"], d.get("paragraph")) for d in known(index, text, id)["duplicates"]]


@pytest.fixture
def index(tmp_path):
    with Index.create(tmp_path / "known.index") as made:
        yield made


def run(*arguments, input=None):
    return CliRunner().invoke(cli.main, [str(a) for a in arguments], input=input)


def write_lines(path, texts):
    path.write_text("".join(json.dumps({"id": k, "text": t}) + "\n" for k, t in texts.items()), "utf8")
    return path


# ---- what is found ----


def test_a_text_is_known_again_whole_and_by_its_paragraphs(index):
    add(index, ferry=f"{FERRY}\n\n{BOATS}", school=SCHOOL)
    assert known(index, f"{FERRY}\n\n{BOATS}")["duplicates"] == [
        {"id": "ferry", "similarity": 1.0},
        {"id": "ferry", "similarity": 1.0, "paragraph": 0},
        {"id": "ferry", "similarity": 1.0, "paragraph": 1},
    ]


def test_a_paragraph_in_another_text_is_known_by_its_number(index):
    add(index, ferry=FERRY, school=SCHOOL)
    assert listed(index, f"{made_story(1)}\n\n{SCHOOL}\n\n{BOATS}") == [("school", 3)]


def test_a_text_with_one_word_changed_is_known_and_its_similarity_estimated(index):
    add(index, story=made_story(1, 6))
    (whole, *_) = known(index, made_story(1, 6).replace(" w1x7 ", " other ", 1))["duplicates"]
    # five of 266 shingles differ
    assert whole["id"] == "story"
    assert whole["similarity"] == pytest.approx(261 / 271, abs=0.08)


def test_another_text_is_not_known(index):
    add(index, ferry=FERRY, school=SCHOOL)
    assert known(index, BOATS) == {"duplicates": [], "repeated": []}


def test_case_and_marks_make_no_difference(index):
    add(index, ferry=FERRY)
    assert listed(index, FERRY.upper().replace(",", ";")) == [("ferry", None), ("ferry", 0)]


def test_the_text_itself_is_told_by_its_id_and_does_not_count(index):
    add(index, ferry=FERRY, copy=FERRY)
    assert listed(index, FERRY, id="ferry") == [("copy", None), ("copy", 0)]
    assert listed(index, FERRY, id="other") == [("ferry", None), ("copy", None), ("ferry", 0), ("copy", 0)]


def test_lines_of_few_words_are_not_listed(index):
    line = "Tickets are sold at the pier from eight every day"
    add(index, one=f"{line}\n\n{FERRY}")
    assert listed(index, f"{line}\n\n{SCHOOL}") == []


def test_the_likest_come_first_and_only_so_many(index):
    text = made_story(1, 6)
    near = text.replace(" w1x7 ", " other ", 1)
    add(index, near=near, **{f"copy{k}": text for k in range(30)})
    found = [d for d in known(index, near)["duplicates"] if "paragraph" not in d]
    assert found[0] == {"id": "near", "similarity": 1.0}
    assert len(found) == module.MOST
    assert all(d["similarity"] < 1 for d in found[1:])


def test_texts_of_fewer_than_five_words_and_none_are_taken_and_never_known(index):
    add(index, short="Ships left.", none="", marks="---")
    assert listed(index, "Ships left.") == []
    assert index.stats()["documents"] == 3
    assert index.problems() == []


def test_an_id_may_be_anything(index):
    ids = ["", "a b", "Łódź", "o'clock", "half \ud83d", "nul\0id"]
    index.add([(Batch.of([FERRY] * len(ids)), ids)])
    assert index.stats()["documents"] == len(ids)
    assert len([d for d in listed(index, FERRY, id="half \ud83d") if d[1] is None]) == len(ids) - 1
    assert index.remove(ids) == len(ids)


# ---- lines of many pages ----


def site(n):
    """Pages of a site: each has a story of its own, and what all pages of the site have."""
    return {
        f"page{k}": f"{MENU}\n\n{made_story(k)}\n\nPrinted on paper from the mill at Orrin." for k in range(n)
    }


def test_a_line_of_many_pages_is_called_furniture(index):
    add(index, **site(FURNITURE + 1))
    assert known(index, site(1)["page0"], id="page0")["repeated"] == [
        {"paragraph": 0, "documents": FURNITURE},
        {"paragraph": 4, "documents": FURNITURE},
    ]


def test_a_line_of_fewer_pages_is_not(index):
    add(index, **site(FURNITURE))
    assert known(index, site(1)["page0"], id="page0")["repeated"] == []
    assert known(index, site(1)["page0"].replace("w0", "v"), id="new")["repeated"] != []


def test_near_copies_of_the_whole_text_do_not_make_furniture_of_its_lines(index):
    story = f"{MENU}\n\n{made_story(0)}"
    add(index, **{f"copy{k}": story for k in range(FURNITURE + 5)})
    assert known(index, story)["repeated"] == []


def edited(seed, k):
    """A story of which copy k has another word in all paragraphs but the first."""
    first, *others = made_story(seed, 6).split("\n\n")
    draw = random.Random(k)
    for j, paragraph in enumerate(others):
        words = paragraph.split()
        words[draw.randrange(5, 40)] = f"changed{k}x{j}"
        others[j] = " ".join(words)
    return "\n\n".join([first, *others])


def test_more_near_copies_than_are_looked_at_do_not_make_furniture_either(index):
    add(index, **{f"copy{k}": edited(1, k) for k in range(2 * PER_KEY + 2 * FURNITURE)})
    found = index.look_up(Batch.of([edited(1, 999)]), ["asked"])
    assert found.seen[0] > FURNITURE  # those that were not looked at
    assert found.to_dict(0)["repeated"] == []


def test_a_story_that_many_sites_print_is_no_furniture(index):
    wire = f"{FERRY}\n\n{BOATS}\n\n{SCHOOL}"
    pages = {f"site{k}": f"{wire}\n\n{made_story(k, 9)}" for k in range(FURNITURE + 5)}
    add(index, **pages)
    assert known(index, wire)["repeated"] == []
    assert [r["paragraph"] for r in known(index, f"{FERRY}\n\n{made_story(999)}")["repeated"]] == [0]


def test_a_line_twice_on_a_page_counts_once(index):
    add(index, **{f"page{k}": f"{MENU}\n\n{made_story(k)}\n\n{MENU}" for k in range(FURNITURE - 1)})
    assert known(index, f"{MENU}\n\n{made_story(99)}")["repeated"] == []


# ---- changes ----


def test_a_text_of_an_id_that_is_there_takes_its_place(index):
    assert add(index, one=FERRY, two=BOATS) == (2, 0)
    assert add(index, one=SCHOOL) == (1, 1)
    assert listed(index, FERRY) == []
    assert listed(index, SCHOOL) == [("one", None), ("one", 0)]
    assert index.stats()["documents"] == 2
    assert index.problems() == []


def test_of_two_texts_with_one_id_the_later_one_stays(index):
    assert index.add([(Batch.of([FERRY, SCHOOL]), ["one", "one"])]) == (2, 1)
    assert (listed(index, FERRY), listed(index, SCHOOL)) == ([], [("one", None), ("one", 0)])
    assert index.problems() == []


def test_a_removed_text_is_forgotten_and_what_others_share_with_it_stays(index):
    add(index, one=f"{FERRY}\n\n{BOATS}", two=f"{FERRY}\n\n{SCHOOL}")
    assert index.remove(["one", "unheard of"]) == 1
    assert listed(index, f"{FERRY}\n\n{BOATS}") == [("two", 0)]
    assert index.stats()["passages"] == 2
    assert index.problems() == []
    index.remove(["two"])
    names = ("documents", "lines", "passages", "places")
    assert [index.stats()[name] for name in names] == [0, 0, 0, 0]


def n_keys(index):
    """Keys of documents and of passages that are in the file."""
    count = "SELECT (SELECT count(*) FROM document_band), (SELECT count(*) FROM passage_band)"
    return index._connection.execute(count).fetchone()


def test_nothing_is_left_of_removed_texts_and_compacting_closes_the_gaps(index):
    add(index, **{f"d{k}": made_story(k) for k in range(200)})
    index.remove([f"d{k}" for k in range(1, 200)])
    assert n_keys(index) == (12, 3 * 12)
    before, after = index.compact()
    assert after < before / 5
    assert after == index.path.stat().st_size
    assert listed(index, made_story(0))[0] == ("d0", None)
    assert index.problems() == []


def test_compacting_beside_one_who_reads_is_not_said_to_be_done(index, monkeypatch):
    add(index, **{f"d{k}": made_story(k) for k in range(20)})
    index.remove([f"d{k}" for k in range(1, 20)])
    index.close()
    monkeypatch.setattr(index_file, "PATIENCE", 0.1)
    with Index(index.path) as reader:
        with reader._step("DEFERRED") as connection:
            connection.execute("SELECT count(*) FROM document").fetchone()
            done = run("index", "compact", index.path)
            assert (done.exit_code, done.stdout) == (2, "")
            assert "others are reading it" in done.stderr
        assert run("index", "compact", index.path).exit_code == 0


def test_a_number_is_never_given_twice(index):
    add(index, one=FERRY)
    index.remove(["one"])
    add(index, two=SCHOOL)  # must not be found by the keys that the first one left
    assert listed(index, FERRY) == []
    assert index.problems() == []


def test_the_same_text_again_changes_nothing(index):
    add(index, one=f"{FERRY}\n\n{BOATS}")
    before, state = index.stats(), index.state
    assert add(index, one=f"{FERRY}\n\n{BOATS}") == (1, 1)
    assert index.state == state
    assert add(index, one=f"{FERRY}\n\n{BOATS}", two=SCHOOL) == (2, 1)
    assert index.state != state
    assert index.remove(["two"]) == 1
    add(index, one=f"{FERRY}\n\n{BOATS}")
    assert index.stats()["documents"] == before["documents"]


def test_a_page_that_is_indexed_again_whenever_a_line_changes_takes_no_more_room(index):
    for k in range(PER_KEY + 10):
        add(
            index,
            page=f"{made_story(1, 9)}\n\nRead {k} times on the day before yesterday by all who have come by.",
        )
    assert n_keys(index) == (12, 10 * 12)
    assert listed(index, made_story(1, 9))[0] == ("page", None)
    assert index.problems() == []


def test_paragraphs_that_stay_are_not_written_anew_with_their_text(index):
    add(index, page=f"{FERRY}\n\n{BOATS}")
    add(index, page=f"{FERRY}\n\n{SCHOOL}")
    assert index._connection.execute("SELECT number FROM passage").fetchall() == [(1,), (3,)]
    assert index.problems() == []


@pytest.mark.parametrize("n_permutations", [36, 128])
def test_keys_can_be_made_again_from_what_is_kept(n_permutations):
    settings = Settings(n_permutations)
    batch = Batch.of([FERRY, BOATS, SCHOOL])
    whole = signatures(batch, batch.documents, n_permutations=n_permutations)
    kept = settings.kept(whole)
    assert kept.shape == (3, n_permutations + 36)
    assert kept[:, :n_permutations].tolist() == compact(whole).tolist()
    assert settings.keys_again(kept).tolist() == settings.keys(whole).tolist()


def test_batches_go_in_together_and_give_what_each_alone_gives(tmp_path, monkeypatch):
    texts = site(30)
    with Index.create(tmp_path / "a.index") as one, Index.create(tmp_path / "b.index") as many:
        one.add([batch_of({name: text}) for name, text in texts.items()])
        monkeypatch.setattr(module, "TOGETHER", 1)
        many.add([batch_of({name: text}) for name, text in texts.items()])
        some = Batch.of(list(texts.values()))
        told = [index.look_up(some, list(texts)) for index in (one, many)]
        assert [told[0].to_dict(d) for d in range(30)] == [told[1].to_dict(d) for d in range(30)]
        assert one.stats() == many.stats() | {"bytes": one.stats()["bytes"]}


# ---- what it takes, beside datasketch ----


def test_an_entry_takes_a_fifth_of_what_datasketch_takes(index):
    add(index, **{f"d{k}": made_story(k, 4) for k in range(400)})
    found = index.stats()
    # datasketch 2.0: 3.7 kB a text in memory, of 128 permutations
    assert found["bytes"] / (found["documents"] + found["passages"]) < 3700 / 5


# ---- several at once, crashes, damage ----


def started(*arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)], env=environment, stderr=subprocess.PIPE, text=True
    )


def test_eight_writers_of_a_thousand_texts_each_lose_none(tmp_path):
    path = tmp_path / "known.index"
    files = [
        write_lines(tmp_path / f"{w}.jsonl", {f"{w}-{k}": f"{FERRY} Trip {w} of {k}." for k in range(1000)})
        for w in range(8)
    ]
    code = (
        "import sys, quality.index\nquality.index.TOGETHER = 100  # many steps, so that they meet\n"
        "from quality.cli import main\nmain(sys.argv[1:], prog_name='quality')"
    )
    writers = [started("-c", code, "index", "add", path, file) for file in files]
    ends = [(writer.communicate()[1], writer.returncode) for writer in writers]
    assert ends == [("quality: 1000 documents added\n", 0)] * 8
    with Index(path) as index:
        assert index.stats()["documents"] == 8000
        assert index.problems() == []


def test_a_writer_that_is_killed_leaves_whole_steps_and_can_begin_again(tmp_path):
    path = tmp_path / "known.index"
    texts = {f"d{k}": made_story(k) for k in range(400)}
    file = write_lines(tmp_path / "in.jsonl", texts)
    code = (
        "import sys, time, quality.index as i\nfrom quality.text import Batch\nimport json\n"
        "i.TOGETHER = 1\nindex = i.Index.create(sys.argv[1])\n"
        "rows = [json.loads(line) for line in open(sys.argv[2])]\n"
        "index.add((Batch.of([r['text'] for r in rows[k:k+10]]), [r['id'] for r in rows[k:k+10]])"
        " for k in range(0, 400, 10))"
    )
    writer = started("-c", code, path, file)
    while not path.exists():
        assert writer.poll() is None
        time.sleep(0.01)
    with Index(path) as index:
        while index.stats()["documents"] < 50:
            assert writer.poll() is None
            time.sleep(0.01)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        n = index.stats()["documents"]
        assert 50 <= n <= 400
        assert n % 10 == 0
        assert index.problems() == []
    assert run("index", "add", path, file).exit_code == 0
    with Index(path) as index:
        assert index.stats()["documents"] == 400
        assert index.problems() == []


def test_who_reads_while_another_writes_sees_the_state_before(index, tmp_path):
    add(index, ferry=FERRY)
    with Index(index.path) as reader, index._step("IMMEDIATE") as connection:
        index._take_out(connection, "ferry")
        assert listed(reader, FERRY) == [("ferry", None), ("ferry", 0)]
    assert listed(index, FERRY) == []


def test_an_index_goes_to_other_processes_by_its_path(index):
    add(index, ferry=FERRY)
    with pickle.loads(pickle.dumps(index)) as other:
        assert listed(other, FERRY) == [("ferry", None), ("ferry", 0)]


def test_threads_may_share_an_index(index):
    add(index, ferry=FERRY, school=SCHOOL)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: listed(index, text), [FERRY, SCHOOL] * 20))
    assert found == [[("ferry", None), ("ferry", 0)], [("school", None), ("school", 0)]] * 20


@contextmanager
def held_by_a_thread(lock):
    is_held, is_over = Event(), Event()

    def hold():
        with lock:
            is_held.set()
            is_over.wait()

    thread = Thread(target=hold)
    thread.start()
    is_held.wait()
    yield
    is_over.set()
    thread.join()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_made_by_fork_opens_an_index_of_its_own(index):
    add(index, ferry=FERRY)
    with held_by_a_thread(index._turn):  # who is not there in the child
        child = os.fork()
        if not child:
            signal.alarm(20)
            status = 1
            try:
                status = int(listed(index, FERRY) != [("ferry", None), ("ferry", 0)])
            finally:
                os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert index.problems() == []


def test_an_index_in_a_folder_that_cannot_be_written_is_read(index, monkeypatch):
    add(index, ferry=FERRY)
    index.close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with Index(index.path) as reader:
        assert listed(reader, FERRY) == [("ferry", None), ("ferry", 0)]
        assert [p.name for p in index.path.parent.iterdir()] == ["known.index"]


def test_who_reads_in_a_folder_that_he_cannot_write_sees_what_others_have_changed(index, monkeypatch):
    add(index, **{f"d{k}": made_story(k) for k in range(30)})
    index.close()
    can_write = [False]
    monkeypatch.setattr(os, "access", lambda *_: can_write[0])
    with Index(index.path) as reader:
        assert listed(reader, made_story(3))[0] == ("d3", None)
        index.remove([f"d{k}" for k in range(30)])
        add(index, **{f"n{k}": made_story(k) for k in range(100, 160)})
        index.close()
        assert listed(reader, made_story(3)) == []
        assert listed(reader, made_story(150))[0] == ("n150", None)
        assert reader.stats()["documents"] == 60


def test_what_was_changed_while_it_was_read_without_locks_is_not_told(index, monkeypatch):
    add(index, ferry=FERRY)
    index.close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with Index(index.path) as reader:
        with pytest.raises(UnusableIndexError, match="changed while it was read"), reader._step("DEFERRED"):
            os.utime(index.path, ns=(1, 1))
        assert listed(reader, FERRY) == [("ferry", None), ("ferry", 0)]


def test_a_full_disk_is_told_and_leaves_what_was_there(index):
    add(index, ferry=FERRY)
    (pages,) = index._connection.execute("PRAGMA page_count").fetchone()
    index._connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(OSError, match="full") as raised:
        add(index, **{f"d{k}": made_story(k) for k in range(200)})
    assert raised.value.errno == errno.ENOSPC
    assert index.stats()["documents"] == 1
    assert index.problems() == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE line SET documents = documents + 1", "documents of lines"),
        ("DELETE FROM place", "places"),
        ("DELETE FROM passage WHERE number = 1", "3 long lines, but 2 of them with a passage"),
        ("DELETE FROM line WHERE passage = 1", "3 passages, but 2 lines that have one"),
        ("DELETE FROM passage_band WHERE number = 1", "keys of passages"),
        ("INSERT INTO passage_band VALUES (7, 99)", "37 keys of passages, but 36 of them that lead to one"),
        ("DELETE FROM document_band", "keys of documents"),
        ("UPDATE document SET signature = x'00'", "signatures of documents are not 164 bytes"),
        ("UPDATE header SET value = 1 WHERE name = 'next_document'", "there is number 2"),
        ("UPDATE header SET value = 9 WHERE name = 'format'", "has format 9"),
        ("UPDATE header SET value = 'sha1' WHERE name = 'hash'", "has hash 'sha1'"),
        ("UPDATE header SET value = 'x' WHERE name = 'sample'", "makes other hashes"),
    ],
)
def test_verify_finds_what_does_not_fit(index, change, told):
    add(index, one=f"{FERRY}\n\n{BOATS}", two=SCHOOL)
    index.close()
    with sqlite3.connect(index.path) as connection:
        connection.execute(change)
    connection.close()
    with Index(index.path) as damaged:
        assert told in "\n".join(damaged.problems())
    done = run("index", "verify", index.path)
    assert done.exit_code == 3
    assert told in done.stderr


def test_verify_finds_a_damaged_file(index):
    add(index, **{f"d{k}": made_story(k) for k in range(50)})
    index.close()
    with open(index.path, "r+b") as file:
        file.seek(4096 * 8)
        file.write(os.urandom(4096 * 20))
    assert run("index", "verify", index.path).exit_code == 3
    with open(index.path, "r+b") as file:
        file.truncate(4096 * 5)
    done = run("score", "--against", index.path, "-", input=FERRY)
    assert done.exit_code == 3
    assert "cannot be used" in done.stderr


@pytest.mark.parametrize("content", [b"", b"not a database at all, but a text of some length" * 99, None])
def test_what_is_no_index_is_refused(tmp_path, content):
    path = tmp_path / "some.index"
    if content is not None:
        path.write_bytes(content)
    for arguments in (
        ("index", "query", path, "-"),
        ("index", "stats", path),
        ("index", "verify", path),
        ("score", "--against", path, "-"),
    ):
        done = run(*arguments, input=FERRY)
        assert done.exit_code == 3, arguments
        assert done.stdout == ""
    if content is not None:
        assert run("index", "add", path, "-", input=FERRY).exit_code == 3


def test_an_index_made_another_way_is_refused(tmp_path):
    path, ferry = tmp_path / "some.index", write_lines(tmp_path / "in.jsonl", {"ferry": FERRY})
    assert run("index", "add", path, ferry, "--permutations", 64, "--seed", 7).exit_code == 0
    assert run("index", "add", path, "-", input=json.dumps({"id": "school", "text": SCHOOL})).exit_code == 0
    done = run("index", "add", path, "-", "--permutations", 128, input=FERRY)
    assert done.exit_code == 3
    assert "has n_permutations 64, not 128" in done.stderr
    with Index(path) as index:
        assert (index.settings.n_permutations, index.settings.seed) == (64, 7)
        assert listed(index, SCHOOL) == [("school", None), ("school", 0)]
    done = run("index", "add", tmp_path / "new.index", "-", "--permutations", 30, input=FERRY)
    assert done.exit_code == 2
    assert "need 36" in done.stderr


def test_what_a_killed_process_left_does_not_stand_in_the_way(tmp_path):
    path = tmp_path / "new.index"
    for _ in range(2):
        (tmp_path / f"new.index.new{os.getpid()}").write_bytes(b"half an index")
        with Index.create(path) as made:
            assert made.problems() == []
        path.unlink()


def test_keys_that_lead_nowhere_are_told_where_they_are_met(index):
    add(index, ferry=FERRY)
    index._connection.execute("DELETE FROM document")
    with pytest.raises(UnusableIndexError, match="keys of documents that are not there"):
        listed(index, FERRY)


@pytest.mark.parametrize("ask", [lambda index: listed(index, FERRY), lambda index: index.remove(["ferry"])])
@pytest.mark.parametrize("signature", ["x'00'", "zeroblob(200)"])
def test_signatures_of_another_length_are_told_where_they_are_met(index, ask, signature):
    add(index, ferry=FERRY, copy=FERRY)
    index._connection.execute(f"UPDATE document SET signature = {signature} WHERE id = 'ferry'")
    with pytest.raises(UnusableIndexError, match="signatures that are not"):
        ask(index)


def test_an_index_that_becomes_unusable_stops_scoring(index):
    add(index, ferry=FERRY)
    scorer = Scorer.load(against=index.path)
    assert scorer.score(FERRY).duplicates
    index.remove(["ferry"])
    index._connection.execute("DROP TABLE line")
    with pytest.raises(UnusableIndexError):
        scorer.score(FERRY)


# ---- reports ----

STORY = f"{MENU}\n\n{FERRY}\n\n{BOATS}\n\n{SCHOOL}"


def test_a_report_tells_what_is_known_and_weighs_none_of_it(index):
    pages = {k: f"{v}\n\n{made_story(k, 9)}" for k, v in site(FURNITURE + 5).items()}
    add(index, **pages, boats=f"{BOATS}\n\n{made_story(77)}")
    alone = Scorer.load().score(STORY)
    report = Scorer.load(against=index.path).score(STORY)
    assert [p.role for p in report.paragraphs] == ["boilerplate", "content", "duplicate", "content"]
    assert all(abs(sum(p.roles.values()) - 1) < 1e-9 for p in report.paragraphs)
    assert [(d.id, d.paragraph) for d in report.duplicates] == [("boats", 2)]
    added = {f.rule: f for f in report.findings if f not in alone.findings}
    assert added["boilerplate.repeated"][1:6] == ("soft", 0, 0, len(MENU), MENU)
    assert added["boilerplate.repeated"].message == f"seen in {FURNITURE + 5} documents"
    assert added["boilerplate.repeated"].data == {"documents": FURNITURE + 5}
    assert added["repeat.near_duplicate"].text == BOATS
    assert added["repeat.near_duplicate"].data == {"id": "boats", "similarity": 1.0}
    for name in ("reliability", "verdict", "contributions", "intercept"):
        assert getattr(report, name) == getattr(alone, name)
    assert [p.reliability for p in report.paragraphs] == [p.reliability for p in alone.paragraphs]
    jsonschema.validate(json.loads(json.dumps(report.to_dict())), SCHEMA)


def test_a_text_known_as_a_whole_is_not_condemned(index):
    add(index, **{f"copy{k}": STORY for k in range(50)})
    report = Scorer.load(against=index.path).score(STORY)
    alone = Scorer.load().score(STORY)
    assert (report.verdict, report.reliability) == (alone.verdict, alone.reliability)
    assert not report.hard
    assert "boilerplate.repeated" not in {f.rule for f in report.findings}


def test_a_report_is_the_same_in_any_batch(index):
    add(index, **site(30), boats=BOATS)
    scorer = Scorer.load(against=index.path)
    texts = [Record(id=f"r{k}", source="", text=f"{STORY}\n\n{made_story(k)}") for k in range(6)]
    assert list(scorer.score_many(texts)) == [scorer.score(one) for one in texts]


def test_the_rules_of_an_index_are_explained():
    for rule in ("boilerplate.repeated", "repeat.near_duplicate"):
        assert rule in run("rules", rule).stdout


# ---- which text is which ----


def test_records_without_an_id_go_by_their_file_and_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write = {
        "a.jsonl": (FERRY, made_story(1)),
        "b.jsonl": (made_story(2), made_story(3)),
        "new.jsonl": (FERRY,),
    }
    for name, texts in write.items():
        Path(name).write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
    assert run("index", "add", "k.index", "a.jsonl", "b.jsonl").stderr == "quality: 4 documents added\n"
    with Index("k.index") as index:
        assert index.stats()["documents"] == 4
    # the first line of another file is another text, and the same line of the same file is not
    (found,) = map(json.loads, run("index", "query", "k.index", "new.jsonl").stdout.splitlines())
    assert found["id"] == f"{tmp_path}/new.jsonl:1"
    assert found["duplicates"][0] == {"id": f"{tmp_path}/a.jsonl:1", "similarity": 1.0}
    assert run("index", "query", "k.index", "./a.jsonl", tmp_path / "b.jsonl").exit_code == 1
    done = run("filter", "./a.jsonl", "-o", "out.jsonl", "--mode", "clean", "--against", "k.index")
    assert "kept 2 + dropped 0" in done.stderr
    assert run("index", "add", "k.index", "b.jsonl").stderr.endswith(
        "2 of them in the place of earlier ones\n"
    )
    scored = run("score", "new.jsonl", "--against", "k.index", "--format", "jsonl").stdout
    assert (json.loads(scored)["id"], len(json.loads(scored)["duplicates"])) == ("1", 2)


def test_a_text_is_the_same_to_every_verb_from_wherever_it_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text(f"{FERRY}\n\n{BOATS}")
    (folder / "b.txt").write_text(SCHOOL)
    monkeypatch.chdir(folder)
    assert run("index", "add", "../texts.index", "a.txt", "b.txt").exit_code == 0
    monkeypatch.chdir(tmp_path)
    assert run("index", "add", "texts.index", "texts").stderr.startswith(
        "quality: 2 documents added, 2 of them in"
    )
    Path("link").symlink_to("texts")
    for number, given in enumerate((["texts"], ["texts/a.txt", folder / "b.txt"], [folder], ["link"])):
        assert run("index", "query", "texts.index", *given).exit_code == 1
        done = run("filter", *given, "-o", f"out{number}", "--mode", "clean", "--against", "texts.index")
        assert "kept 2 + dropped 0" in done.stderr, given
        assert Path(f"out{number}", "a.txt").read_text() == f"{FERRY}\n\n{BOATS}"
    scored = json.loads(
        run("score", "texts/../texts/a.txt", "--against", "texts.index", "--format", "jsonl").stdout
    )
    assert scored["duplicates"] == []
    assert run("index", "remove", "texts.index", folder / "b.txt").exit_code == 0


@pytest.mark.parametrize("given", [FERRY, json.dumps({"text": FERRY})])
def test_what_has_no_name_at_all_is_not_indexed(tmp_path, given):
    path = tmp_path / "k.index"
    done = run("index", "add", path, "-", input=given)
    assert done.exit_code == 2
    assert "has no id" in done.stderr
    os.mkfifo(tmp_path / "pipe.jsonl")
    writer = Thread(target=lambda: (tmp_path / "pipe.jsonl").write_text(json.dumps({"text": FERRY})))
    writer.start()
    assert run("index", "add", path, tmp_path / "pipe.jsonl").exit_code == 2
    writer.join()
    with Index(path) as index:
        assert index.stats()["documents"] == 0


def test_a_text_given_to_a_scorer_is_none_of_the_index(index):
    add(index, **{"1": FERRY, "": FERRY})
    scorer = Scorer.load(against=index.path)
    assert len([d for d in scorer.score(FERRY).duplicates if d.paragraph is None]) == 2
    assert len([d for d in scorer.score({"text": FERRY}).duplicates if d.paragraph is None]) == 2
    assert len([d for d in scorer.score({"id": 1, "text": FERRY}).duplicates if d.paragraph is None]) == 1


def test_tables_archives_and_folders_are_indexed_as_filter_reads_them(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("fastwarc")
    rows = {"id": ["f", None], "text": [FERRY, SCHOOL], "quality": ["a column", "of somebody else"]}
    parquet.write_table(arrow.table(rows), tmp_path / "in.parquet")
    head = "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <urn:uuid:1>\r\nContent-Type: text/plain\r\n"
    archive = f"{head}Content-Length: {len(BOATS)}\r\n\r\n{BOATS}\r\n\r\n".encode()
    (tmp_path / "in.warc.gz").write_bytes(gzip.compress(archive))
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "one.txt").write_text(made_story(1))
    (folder / "two.pdf").write_bytes(b"%PDF")
    given = tmp_path / "in.parquet", tmp_path / "in.warc.gz", folder
    done = run("index", "add", tmp_path / "k.index", *given)
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, "quality: 4 documents added")
    assert "two.pdf: PDF is not read" in done.stderr
    with Index(tmp_path / "k.index") as index:
        for text, id in (
            (FERRY, "f"),
            (SCHOOL, f"{tmp_path}/in.parquet:2"),
            (BOATS, "<urn:uuid:1>"),
            (made_story(1), f"{folder}/one.txt"),
        ):
            assert listed(index, text)[0] == (id, None)
    assert run("index", "query", tmp_path / "k.index", tmp_path / "in.parquet").exit_code == 1


# ---- command line ----


def test_the_verbs_of_the_index(tmp_path):
    path, archive = tmp_path / "a.index", write_lines(tmp_path / "a.jsonl", {"f": FERRY, "s": SCHOOL})
    new = write_lines(tmp_path / "new.jsonl", {"x": FERRY, "y": BOATS})
    assert run("index", "add", path, archive).stderr == "quality: 2 documents added\n"
    done = run("index", "add", path, archive)
    assert done.stderr == "quality: 2 documents added, 2 of them in the place of earlier ones\n"
    done = run("index", "query", path, new)
    assert done.exit_code == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {
            "id": "x",
            "duplicates": [{"id": "f", "similarity": 1.0}, {"id": "f", "similarity": 1.0, "paragraph": 0}],
            "repeated": [],
        },
        {"id": "y", "duplicates": [], "repeated": []},
    ]
    assert done.stderr == "quality: 1 of 2 known in part or whole\n"
    assert json.loads(run("index", "stats", path, "--format", "json").stdout)["documents"] == 2
    assert "documents" in run("index", "stats", path).stdout
    assert run("index", "verify", path).stdout == f"{path}: sound\n"
    assert run("index", "compact", path).exit_code == 0
    page = run("score", "--against", path, new).stdout
    known = "Known from the index: 1 document, 1 paragraph\n  whole  1.00  f\n     ¶1  1.00  f\n"
    assert known in page
    assert page.count("Known from the index") == 1
    scored = run("score", "--against", path, new, "--format", "jsonl")
    assert [json.loads(line)["duplicates"] for line in scored.stdout.splitlines()][1] == []
    done = run("index", "remove", path, "f", "g")
    assert (done.exit_code, done.stderr) == (0, "quality: 1 of 2 documents removed\n")
    assert run("index", "remove", path, "f").exit_code == 1
    assert run("index", "remove", path).exit_code == 2
    assert run("index", "query", path, new).exit_code == 1


def test_what_cannot_be_read_is_told_and_the_rest_is_added(tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": 1, "text": "' + FERRY + '"}\nnot json\n', "utf8")
    done = run("index", "add", tmp_path / "a.index", bad)
    assert done.exit_code == 2
    assert "bad.jsonl:2" in done.stderr
    assert "1 document added" in done.stderr


def test_ids_to_remove_may_stand_in_a_file(tmp_path):
    path, archive = tmp_path / "a.index", write_lines(tmp_path / "a.jsonl", {"f": FERRY, "s": SCHOOL})
    run("index", "add", path, archive)
    (tmp_path / "ids").write_text("f\ns\n")
    done = run("index", "remove", path, "--ids-from", tmp_path / "ids")
    assert done.stderr == "quality: 2 of 2 documents removed\n"


def test_an_index_that_cannot_be_made_ends_the_run_with_2(tmp_path):
    done = run("index", "add", tmp_path / "no" / "such" / "a.index", "-", input=FERRY)
    assert done.exit_code == 2
    assert "cannot be" in done.stderr
