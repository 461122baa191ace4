"""Whole runs through the command line, as a person would type them."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.end_to_end.made_up import RSS, SEED, records, write_jsonl
from tests.pipeline.feed_server import LOCAL_FEEDS, FeedServer, answer
from tests.tables import content_digest, manifests, rows

QUIET = ("--entities", "none", "--progress", "off", "--workers", "1")


def newsbeam(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def run(source: Path, out: Path, *more: object) -> int:
    return newsbeam("run", "--input", source, "--output", out, *QUIET, *more)


def counts(out: Path) -> dict[str, int]:
    """The counts of the last run."""
    found: dict[str, int] = manifests(out)[-1]["counts"]
    return found


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder with one of each: seeds, feed, records; a repeat, an edited text, a bad file and a bad line."""
    inbox = tmp_path / "in"
    (inbox / "more").mkdir(parents=True)
    (inbox / "pier.txt").write_text(SEED)
    (inbox / "more" / "copy.txt").write_text(SEED)
    (inbox / "more" / "elsewhere.txt").write_text(
        SEED.replace("Source: Ellery Post", "Source: Fjord Mirror", 1)
    )
    (inbox / "empty.txt").write_text("By Mara Quill\nSource: Ellery Post\n\n \n")
    (inbox / "courier.xml").write_text(RSS)
    (inbox / "broken.rss").write_bytes(b"\x00\x01 no feed at all")
    (inbox / "notes.md").write_text("not for us")
    made = records(20)
    edited = made[3] | {"text": made[3]["text"] + " And more was said.", "updated": "2024-04-30T00:00:00Z"}
    path = write_jsonl(inbox / "records.jsonl", [*made, edited, made[5]])
    with path.open("a") as file:
        file.write('{"title": \n')
    return inbox


def test_every_item_read_is_accounted_for(inbox: Path, tmp_path: Path) -> None:
    """Kept, duplicate, unchanged and dead letters add up to what was read, and to the rows."""
    out = tmp_path / "out"
    assert run(inbox, out) == 0
    found = counts(out)
    assert found == {
        "read": 3 + 1 + 2 + 1 + 23,
        "kept": 1 + 2 + 21,
        "duplicate": 1,
        "unchanged": 1 + 1,
        "dead_letter": 3,
        "dead_letter_known": 0,
        "regrouped": 0,
    }
    for table, count in (("articles", "kept"), ("duplicates", "duplicate"), ("dead_letters", "dead_letter")):
        assert len(rows(out, table)) == found[count]
    assert newsbeam("check", "--output", out) == 0


def test_a_seed_becomes_the_row_it_should(inbox: Path, tmp_path: Path) -> None:
    """Authors, organisation, source, times, text and language, with nothing of the header in the text."""
    out = tmp_path / "out"
    run(inbox / "pier.txt", out)
    (row,) = rows(out, "articles")
    assert row["authors"] == ["Mara Quill", "Tobias Ferrow"]
    assert (row["byline_org"], row["source"]) == ("Ellery Post", "Ellery Post")
    assert row["byline"] == "By Mara Quill and Tobias Ferrow, Ellery Post"
    assert row["updated_at"].isoformat() == "2024-05-02T09:15:30+00:00"
    assert (row["published_at"], row["time_quality"], row["date"]) == (None, "exact", "2024-05-02")
    assert row["text"].startswith("The harbour council")
    assert "Source: the council's minutes" in row["text"]
    assert "GMT" not in row["text"]
    assert (row["language"], row["version"], row["entities"]) == ("en", 1, None)
    assert (row["url"], row["title"], row["group_id"]) == (None, None, row["article_id"])


def test_a_feed_item_becomes_the_row_it_should(inbox: Path, tmp_path: Path) -> None:
    """The full content over the summary, entities decoded once, the offset in UTC, tracking gone."""
    out = tmp_path / "out"
    run(inbox / "courier.xml", out, "--now", "2024-05-03T08:00:00Z")
    dated, undated = sorted(rows(out, "articles"), key=lambda row: str(row["url"]))
    assert dated["title"] == "Ferry & pier: what now?"
    assert dated["text"].startswith("The rebuilt ferry pier")
    assert "stalls & customers" in dated["text"]
    assert dated["summary"] == "Short of it."
    assert dated["canonical_url"] == "https://courier.example/a"
    assert dated["published_at"].isoformat() == "2024-05-01T16:00:00+00:00"
    assert dated["authors"] == ["Pell Vantry"]
    assert dated["language_declared"] == "en-gb"
    assert dated["origin"]["guid"] == "courier-1"
    assert undated["published_at"] is None
    assert undated["time_quality"] == "missing"
    assert undated["date"] == "2024-05-03"


def test_a_duplicate_says_of_what_and_why(inbox: Path, tmp_path: Path) -> None:
    """It lies whole in its own table, with the survivor's id."""
    out = tmp_path / "out"
    run(inbox, out)
    (duplicate,) = rows(out, "duplicates")
    survivor = next(row for row in rows(out, "articles") if row["article_id"] == duplicate["duplicate_of"])
    assert duplicate["duplicate_reason"] == "content"
    assert duplicate["text"] == survivor["text"]
    assert duplicate["group_id"] == survivor["group_id"]
    assert {duplicate["source"], survivor["source"]} == {"Ellery Post", "Fjord Mirror"}


def test_a_changed_text_is_a_version_of_its_article(inbox: Path, tmp_path: Path) -> None:
    """Both stand in the table, under one id."""
    out = tmp_path / "out"
    run(inbox, out)
    versions = sorted(
        (row for row in rows(out, "articles") if row["origin"]["guid"] == "made-up-7-3"),
        key=lambda row: row["version"],
    )
    assert [row["version"] for row in versions] == [1, 2]
    assert len({row["article_id"] for row in versions}) == 1
    assert versions[1]["text"].endswith("And more was said.")


def test_dead_letters_can_be_replayed(inbox: Path, tmp_path: Path) -> None:
    """Each has its place, a reason that can be counted, and what was read."""
    out = tmp_path / "out"
    run(inbox, out)
    found = {row["origin_uri"].rsplit("/", 1)[1]: row for row in rows(out, "dead_letters")}
    assert {name: row["reason"] for name, row in found.items()} == {
        "empty.txt": "no-body",
        "broken.rss": "not-a-feed",
        "records.jsonl": "bad-json",
    }
    assert found["records.jsonl"]["payload"] == b'{"title": '
    assert found["records.jsonl"]["position"] == 22
    assert {row["stage"] for row in found.values()} == {"parse"}


def test_the_same_input_again_adds_no_row(
    inbox: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All that was kept is unchanged, what was set aside too, and dead letters are on record."""
    out = tmp_path / "out"
    run(inbox, out)
    before = content_digest(out)
    capsys.readouterr()
    assert run(inbox, out) == 0
    assert content_digest(out) == before
    assert counts(out) == {
        "read": 30, "kept": 0, "duplicate": 0, "unchanged": 27, "dead_letter": 3, "dead_letter_known": 3,
        "regrouped": 0,
    }  # fmt: skip
    assert "No new rows" in capsys.readouterr().out
    assert newsbeam("check", "--output", out) == 0


def test_order_and_workers_do_not_change_the_tables(
    inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same items in other shards and processes give equal content; the processes really start."""
    clock = ("--now", "2024-05-03T08:00:00Z")
    run(inbox, tmp_path / "one", *clock)
    monkeypatch.setattr("pipeline.run.PATIENCE_S", 0)
    run(inbox, tmp_path / "two", *clock, "--workers", "2", "--key_shards", "1")
    assert content_digest(tmp_path / "one") == content_digest(tmp_path / "two")


def test_the_place_of_a_line_does_not_matter_to_its_row(tmp_path: Path) -> None:
    """Shuffled records give the same rows, but for the position that they came from."""
    made = records(300)
    digests = []
    for seed in (1, 2):
        source = write_jsonl(tmp_path / f"{seed}" / "r.jsonl", random.Random(seed).sample(made, len(made)))
        out = tmp_path / f"out{seed}"
        run(source, out)
        digests.append(
            sorted(
                (row["article_id"], row["version"], row["content_hash"], row["date"])
                for row in rows(out, "articles")
            )
        )
    assert digests[0] == digests[1]


def test_runs_add_up_whatever_the_split(tmp_path: Path) -> None:
    """What comes in two runs is kept as it would be in one."""
    made = records(60)
    together, apart = tmp_path / "together", tmp_path / "apart"
    run(write_jsonl(tmp_path / "all.jsonl", made), together)
    for part in (made[:40], made[20:]):
        run(write_jsonl(tmp_path / "part.jsonl", part), apart)

    def ids(out: Path) -> list[tuple[str, int]]:
        return sorted((row["article_id"], row["version"]) for row in rows(out, "articles"))

    assert ids(together) == ids(apart)
    assert counts(apart)["unchanged"] == 20
    assert newsbeam("check", "--output", apart) == 0


def test_languages_are_left_out_when_asked_for(inbox: Path, tmp_path: Path) -> None:
    """Undetermined, without a confidence, and in a partition that says so."""
    out = tmp_path / "out"
    assert run(inbox, out, "--language_detector", "none", "--partition_by", "date,language") == 0
    for row in rows(out, "articles"):
        assert (row["language"], row["language_confidence"]) == ("und", None)
    assert counts(out)["kept"] == 24


@pytest.mark.parametrize("partition_by", ["date", "month", "date,language", "month,source_domain"])
def test_partitions_are_what_was_asked_for(inbox: Path, tmp_path: Path, partition_by: str) -> None:
    """Every row is in one, and the tables hold together."""
    out = tmp_path / "out"
    assert run(inbox, out, "--partition_by", partition_by) == 0
    found = rows(out, "articles")
    assert len(found) == counts(out)["kept"]
    assert all(row[key] for row in found for key in partition_by.split(","))
    assert newsbeam("check", "--output", out) == 0


def test_nothing_to_read_is_no_failure(tmp_path: Path) -> None:
    """An empty folder, as a scheduler may find it."""
    (tmp_path / "in").mkdir()
    assert run(tmp_path / "in", tmp_path / "out") == 0
    assert counts(tmp_path / "out")["read"] == 0
    assert newsbeam("check", "--output", tmp_path / "out") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--output", "out"),
        ("run", "--input", "not/there", "--output", "out"),
        ("run", "--feeds", "not/there", "--output", "out"),
        ("run", "--input", ".", "--output", "out", "--no_such_flag", "1"),
        ("run", "--input", ".", "--output", "out", "--run_id", "../up"),
        ("run", "--input", ".", "--output", "out", "--direct_num_workers", "many"),
        ("fly",),
        ("check",),
        (),
    ],
)
def test_a_wrong_command_line_is_exit_code_two(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is said on standard error, and nothing is made."""
    monkeypatch.chdir(tmp_path)
    assert newsbeam(*arguments) == 2
    assert capsys.readouterr().err
    assert not (tmp_path / "out" / "_runs").exists()


def test_too_many_dead_letters_are_exit_code_three(inbox: Path, tmp_path: Path) -> None:
    """The run is committed all the same."""
    out = tmp_path / "out"
    assert run(inbox / "broken.rss", out) == 3
    assert run(inbox, out, "--max_dead_letter_share", "0.01") == 3
    assert run(inbox, out, "--max_dead_letter_share", "0.5") == 0
    assert len(manifests(out)) == 3


def test_a_run_that_fails_is_exit_code_one_and_leaves_nothing(
    inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Our own mistake ends the run with a message; the next run starts clean."""
    out = tmp_path / "out"

    def broken(*_: object) -> None:
        raise ZeroDivisionError("made to fail")

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.work.prepare_payload", broken)
        assert run(inbox, out) == 1
    assert "made to fail" in capsys.readouterr().err
    assert rows(out, "articles") == []
    assert run(inbox, out) == 0
    assert newsbeam("check", "--output", out) == 0


def test_a_run_id_is_used_once(inbox: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A scheduler's second try after the commit does nothing; another input under the same id is refused."""
    out = tmp_path / "out"
    assert run(inbox, out, "--run_id", "daily-1") == 0
    before = content_digest(out)
    assert run(inbox, out, "--run_id", "daily-1") == 0
    assert "committed already" in capsys.readouterr().out
    assert content_digest(out) == before
    assert run(inbox / "pier.txt", out, "--run_id", "daily-1") == 2
    assert len(manifests(out)) == 1


def test_a_feed_is_asked_for_again_only_if_it_changed(tmp_path: Path) -> None:
    """Validators are committed with the run; a feed that fails is a dead letter, and the others go on."""
    out = tmp_path / "out"
    feeds = {"/a": answer(200, RSS.encode(), ETag='"1"')}
    with FeedServer(feeds).running() as server:
        listed = tmp_path / "feeds.opml"
        listed.write_text(
            f'<opml version="2.0"><body><outline text="made up"><outline xmlUrl="{server.address}/a"/>'
            f'<outline xmlUrl="{server.address}/gone"/></outline></body></opml>'
        )
        assert newsbeam("run", "--feeds", listed, "--output", out, *QUIET, *LOCAL_FEEDS) == 0
        assert counts(out)["kept"] == 2
        assert counts(out)["dead_letter"] == 1
        server.scripts["/a"] = answer(304)
        newsbeam("run", "--feeds", listed, "--output", out, *QUIET, *LOCAL_FEEDS)
        asked = [headers for path, headers in server.requests if path == "/a"]
    assert [headers.get("if-none-match") for headers in asked] == [None, '"1"']
    assert counts(out) == {
        "read": 1, "kept": 0, "duplicate": 0, "unchanged": 0, "dead_letter": 1, "dead_letter_known": 1,
        "regrouped": 0,
    }  # fmt: skip
    assert rows(out, "articles")[0]["origin"]["feed_url"] == server.address + "/a"
    assert newsbeam("check", "--output", out) == 0


def test_an_item_in_ten_feeds_of_a_publisher_is_one_article(tmp_path: Path) -> None:
    """With ten origins counted."""
    out = tmp_path / "out"
    with FeedServer({f"/{number}": answer(200, RSS.encode()) for number in range(10)}).running() as server:
        feeds = [argument for number in range(10) for argument in ("--feeds", f"{server.address}/{number}")]
        assert newsbeam("run", *feeds, "--output", out, *QUIET, *LOCAL_FEEDS) == 0
    assert (counts(out)["read"], counts(out)["kept"], counts(out)["unchanged"]) == (20, 2, 18)
    assert [row["origins"] for row in rows(out, "articles")] == [10, 10]


def test_credentials_are_stored_nowhere(tmp_path: Path) -> None:
    """Neither in tables nor state nor manifest."""
    out = tmp_path / "out"
    with FeedServer({"/a": answer(200, RSS.encode())}).running() as server:
        address = server.address.replace("http://", "http://reader:topsecret@") + "/a"
        newsbeam("run", "--feeds", address, "--output", out, *QUIET, *LOCAL_FEEDS)
    assert counts(out)["kept"] == 2
    for path in out.rglob("*"):
        assert path.is_dir() or b"topsecret" not in path.read_bytes()
    assert "topsecret" not in json.dumps(rows(out, "articles"), default=str)


def test_many_runs_keep_few_index_files(tmp_path: Path) -> None:
    """Segments are merged as they pile up, and what they hold stays known."""
    out = tmp_path / "out"
    made = records(30)
    for start in range(0, 30, 3):
        assert run(write_jsonl(tmp_path / "part.jsonl", made[start : start + 3]), out) == 0
    assert len(list((out / "_index" / "articles").iterdir())) < 8
    assert run(write_jsonl(tmp_path / "all.jsonl", made), out) == 0
    assert counts(out)["unchanged"] == 30
    assert newsbeam("check", "--output", out) == 0


def test_a_users_table_names_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In every process; and the same run id with another table is another run."""
    record = {"title": "Pier saved", "text": SEED, "url": "https://gazette.example/a", "id": "1"}
    write_jsonl(tmp_path / "in" / "a.jsonl", [record])
    table, out = tmp_path / "publishers.tsv", tmp_path / "out"
    table.write_text("gazette.example\tThe Nowhere Gazette\n", encoding="utf-8")
    options = ("--sources", str(table), "--workers", "2", "--run_id", "one")
    assert run(tmp_path / "in", out, *options) == 0
    assert [row["source"] for row in rows(out, "articles")] == ["The Nowhere Gazette"]
    assert run(tmp_path / "in", out, *options) == 0
    table.write_text("gazette.example\tThe Other Gazette\n", encoding="utf-8")
    assert run(tmp_path / "in", out, *options) == 2
    assert "another --sources" in capsys.readouterr().err
    assert run(tmp_path / "in", out, "--run_id", "one") == 2
    assert "another --sources" in capsys.readouterr().err
