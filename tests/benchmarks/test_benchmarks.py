"""Every benchmark once, on tiny input, so that none rots. Nothing here looks at times."""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import os
import sys
from pathlib import Path

import pytest

from tests.benchmarks import (
    address_quality,
    against_datatrove,
    against_plain_loop,
    byline_quality,
    edge_cases,
    entity_quality,
    entity_speed,
    feed_parsers,
    harness,
    index_scale,
    language_quality,
    near_duplicates,
    normalisation,
    on_disk,
    politeness,
    polling_load,
    same_tables,
    scale,
    schedules,
    settle_spread,
    source_quality,
    stage_clocks,
    stages,
    start,
    streaming_engines,
    streaming_faults,
    text_quality,
    time_quality,
    watch,
)
from tests.benchmarks.__main__ import BENCHMARKS, main
from tests.benchmarks.conll import Name, read_documents
from tests.end_to_end.made_up import RSS, SEED, records, write_jsonl

linux_only = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="benchmarks read memory from Linux's /proc"
)

ENGLISH = (
    "The council of the old town said on Monday that Mara Quill will lead the inquiry into the ferry, which "
    "sank in March near Port Ellery, and that every family will be heard before the summer."
)


def corpus(folder: Path, count: int) -> Path:
    """A made-up corpus with the fields of a real one, all of it English enough for a model to be asked."""
    path = folder / "corpus.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for record in records(count):
            text = f"{ENGLISH} {record['text']}"
            file.write(json.dumps(record | {"lang": "en", "text": text}) + "\n")
    return path


def options(folder: Path, *given: str, count: int = 12) -> argparse.Namespace:
    """The options of a benchmark, for one round over a made-up corpus."""
    parser = harness.parser_of(list(BENCHMARKS.values()))
    common = ["--corpus", str(corpus(folder, count)), "--scratch", str(folder / "scratch"), "--rounds", "1"]
    return parser.parse_args([*common, "--document", str(folder / "benchmarks.md"), *given])


def rows(markdown: str) -> list[list[str]]:
    """The cells of all rows of all tables, headers and lines among them."""
    return [
        [cell.strip() for cell in line[1:-1].split("|")]
        for line in markdown.splitlines()
        if line.startswith("|")
    ]


# What they share.


@linux_only
def test_a_command_is_measured_with_what_outlives_it() -> None:
    """A child that works on after its parent has ended is counted, and waited for."""
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {busy!r}])"
    alone = harness.run_command([sys.executable, "-c", "pass"])
    assert harness.run_command([sys.executable, "-c", parent]).cpu_s > alone.cpu_s + 0.2


@linux_only
def test_memory_is_that_of_all_processes() -> None:
    """Two processes with 50 MB each hold more than one."""
    hold = "import time; held = bytearray(50 << 20); held[::4096] = b'x' * len(held[::4096]); time.sleep(1)"
    pair = (
        f"import subprocess, sys; hold = {hold!r}\n"
        "held = [subprocess.Popen([sys.executable, '-c', hold]) for _ in range(2)]\n"
        "for one in held: one.wait()"
    )
    assert harness.run_command([sys.executable, "-c", hold]).peak_mb > 50
    assert harness.run_command([sys.executable, "-c", pair]).peak_mb > 100


@linux_only
def test_a_command_that_fails_says_why() -> None:
    """With its exit code and the end of what it said."""
    with pytest.raises(RuntimeError, match=r"exit code 3(.|\n)*no such ferry"):
        harness.run_command(
            [sys.executable, "-c", "import sys; print('no such ferry', file=sys.stderr); sys.exit(3)"]
        )


@linux_only
def test_a_command_can_be_stopped_half_way() -> None:
    """It is killed after the time given, and measured up to there."""
    assert (
        harness.run_command([sys.executable, "-c", "import time; time.sleep(60)"], stop_after_s=0.5).seconds
        < 30
    )


def test_a_section_takes_the_place_of_its_earlier_self(tmp_path: Path) -> None:
    """Other sections stay, and all stand in the order given."""
    document = tmp_path / "benchmarks.md"
    order = ["first", "second"]
    for name, text in (("second", "two"), ("first", "one"), ("second", "two again"), ("third", "3")):
        harness.write_section(document, name, f"## {text}\n", order)
    lines = document.read_text().splitlines()
    assert [line for line in lines if line.startswith("## ")] == ["## one", "## two again", "## 3"]
    assert lines[0] == "# Benchmarks"


def test_figures_have_a_median_and_a_range() -> None:
    """And no range where there is one figure."""
    assert harness.spread([3.0, 1.0, 2000.0], 1) == "3.0 (1.0-2,000.0)"
    assert harness.spread([2.0]) == "2"
    assert harness.ratios([4.0, 9.0], [2.0, 3.0]) == [2.0, 3.0]


def test_all_are_listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, where nothing else is asked for."""
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    assert main() == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(BENCHMARKS)


def test_a_missing_input_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is 1, the message has the path, and no section is written."""
    document = tmp_path / "benchmarks.md"
    argv = ["benchmarks", "scale", "--corpus", str(tmp_path / "none.jsonl"), "--document", str(document)]
    monkeypatch.setattr(sys, "argv", argv)
    assert main() == 1
    assert "none.jsonl is not there" in capsys.readouterr().err
    assert not document.exists()


# The benchmarks.


@linux_only
def test_the_plain_loop_reads_what_newsbeam_reads(tmp_path: Path) -> None:
    """Without entities and with them, a row for each side and one for the ratio."""
    text = against_plain_loop.measure(options(tmp_path, "--entity_articles", "3"))
    kept = {row[0]: row[-1] for row in rows(text) if row[0] in ("newsbeam", "plain loop")}
    assert kept == {"newsbeam": "3", "plain loop": "3"}
    assert "Without entities, 12 articles" in text


@linux_only
def test_datatrove_reads_what_newsbeam_reads(tmp_path: Path) -> None:
    """Where NEWSBEAM_PEER_PYTHON names a Python that has it."""
    peer = os.environ.get("NEWSBEAM_PEER_PYTHON")
    if peer is None:
        pytest.skip("datatrove is in no lock file: NEWSBEAM_PEER_PYTHON can name a Python that has it")
    text = against_datatrove.measure(options(tmp_path, "--peer_python", peer))
    assert [row[5] for row in rows(text)[2:]] == ["12", "12", "12"]


def test_a_missing_peer_is_said(tmp_path: Path) -> None:
    """With what has to be given."""
    with pytest.raises(harness.MissingInputError, match="--peer_python"):
        against_datatrove.measure(options(tmp_path))


def test_the_same_articles_are_made_again(tmp_path: Path) -> None:
    """Equal bytes by the same seed, every id once, and no text twice."""
    lines = list(harness.corpus_lines(corpus(tmp_path, 5)))
    for name in ("first", "second"):
        scale.write_articles(scale.ArticleMaker(lines), tmp_path / name, 20)
    first, second = ((tmp_path / name / "part-00000.jsonl").read_text() for name in ("first", "second"))
    assert first == second
    made = [json.loads(line) for line in first.splitlines()]
    assert len({article["id"] for article in made}) == len({article["text"] for article in made}) == 20


def test_articles_without_blanks_are_made_of_characters() -> None:
    """Chinese stays Chinese, and gets no blanks."""
    line = json.dumps(
        {"id": "1", "lang": "zh", "title": None, "text": "在一些社区教会为一些团体提供了一个安全的场所"}
    )
    (made,) = scale.ArticleMaker([line.encode()]).articles(1)
    assert made["title"] is None
    assert " " not in made["text"]
    assert len(made["text"]) == 22


@linux_only
def test_runs_over_several_sizes(tmp_path: Path) -> None:
    """A row for each size, smallest first, with no article lost as a copy of another; and a run that was killed."""
    text = scale.measure(options(tmp_path, "--sizes", "30", "15", "--killed"))
    assert [(row[0], row[-1]) for row in rows(text)[2:]] == [("15", "15"), ("30", "30")]
    assert "Killed after" in text


@linux_only
def test_the_start_is_measured(tmp_path: Path) -> None:
    """Python, the help, and a run that finds nothing new."""
    text = start.measure(options(tmp_path, "--files", "3"))
    assert "3 unchanged files, 13 items" in rows(text)[-1][0]


@linux_only
def test_stages_are_clocked_in_a_run_and_in_a_loop(tmp_path: Path) -> None:
    """The same stages in both, and a share that is one."""
    found = stages.clock(corpus(tmp_path, 5), tmp_path, "spacy", rounds=1)
    names = [row[0] for row in rows(stages.table_of(found))]
    assert names[2:10] == list(stage_clocks.STAGES)
    (share,) = stages.shares(found)
    assert 0 < share < 1


@linux_only
def test_every_form_of_the_articles_gives_the_same_answers(tmp_path: Path) -> None:
    """However they are stored, and whichever reader DuckDB takes."""
    pytest.importorskip("duckdb", reason="duckdb is needed for its queries")
    read, forms = on_disk.store(corpus(tmp_path, 12), tmp_path)
    assert read == 12
    assert all(form.bytes for form in forms.values())
    found = on_disk.ask_all(forms, "council", rounds=1)
    answers = [{name: said["rows"] for name, said in answered[0][1].items()} for answered in found.values()]
    assert len(answers) == 4
    assert answers == [answers[0]] * 4


def test_groups_are_scored() -> None:
    """Made-up articles, one of them edited: all in the right groups."""
    made = [record | {"group": record["id"], "kind": "original"} for record in records(20)]
    edited = made[0] | {
        "id": "edited",
        "kind": "edited",
        "text": made[0]["text"].replace("a", "a", 1) + " The end.",
    }
    scored, text = near_duplicates.measure_gold([*made, edited])
    assert scored == (1.0, 1.0, 1.0)
    assert rows(text)[-1] == ["edited", "1", "1.000", "0"]
    assert near_duplicates.measure_splits([*made, edited], 2)[0] == [1.0, 1.0]


def test_feed_parsers_take_turns() -> None:
    """A row for each that is installed, and our two paths compared: the JSON feeds go neither way."""
    folder = Path(__file__).parent.parent / "data" / "feeds"
    text = feed_parsers.tell(feed_parsers.measure([folder], 1), feed_parsers.compare([folder]))
    assert "different in any field 0." in text
    for parser in ("newsbeam", "feedparser", "fastfeedparser", "feedparser-rs"):
        assert parser in text


def test_scores_are_what_their_definitions_say() -> None:
    """A pair found rightly, one missed, one wrong: by hand."""
    ari, precision, recall = near_duplicates.scores(["a", "a", "b", "b", "c"], ["1", "1", "2", "3", "3"])
    assert (precision, recall) == (0.5, 0.5)
    assert ari == pytest.approx((1 - 0.4) / (2 - 0.4))


# Made up, in the form of CoNLL-2003.
CONLL = """-DOCSTART- -X- O O

PORT NN I-NP I-LOC
NEWS NN I-NP O

The DT I-NP O
mayor NN I-NP O
of IN I-PP O
Paris NNP I-NP I-LOC
, , O O
Anne NNP I-NP I-PER
Hidalgo NNP I-NP I-PER
, , O O
said VBD I-VP O
" " O O
no UH I-INTJ O
" " O O
to TO I-PP O
Microsoft NNP I-NP I-ORG
Google NNP I-NP B-ORG
's POS B-NP O
offer NN I-NP O
( ( O O
again RB I-ADVP O
) ) O O
. . O O

-DOCSTART- -X- O O

Results NNS I-NP O
"""


def test_marked_names_are_read_at_their_places() -> None:
    """The text is joined as it was printed, names that touch stay two, and a heading is no prose."""
    first, second = read_documents(CONLL.splitlines())
    sentence = """The mayor of Paris, Anne Hidalgo, said "no" to Microsoft Google's offer (again)."""
    assert first.text == f"PORT NEWS\n{sentence}\n"
    assert [(first.text[name.start : name.end], name.label) for name in first.names] == [
        ("PORT", "LOC"),
        ("Paris", "LOC"),
        ("Anne Hidalgo", "PER"),
        ("Microsoft", "ORG"),
        ("Google", "ORG"),
    ]
    assert [first.text[start:end] for start, end in first.prose] == [sentence]
    assert (second.text, second.names, second.prose) == ("Results\n", (), ())
    (headless,) = read_documents(["in O", "Paris B-LOC"])
    assert headless.names == (Name(3, 8, "LOC"),)


def test_names_are_scored_by_ends_and_label() -> None:
    """By hand: one right, one with another label, one with another end, one invented."""
    marked = [(0, 0, 5, "PERSON"), (0, 9, 12, "ORG"), (1, 0, 4, "LOC")]
    found = [(0, 0, 5, "PERSON"), (0, 9, 12, "LOC"), (1, 0, 6, "LOC"), (1, 9, 12, "LOC")]
    quality = entity_quality.score(marked, found)
    assert quality.typed == entity_quality.Score(1, 4, 3)
    assert quality.untyped == entity_quality.Score(2, 4, 3)
    assert quality.by_label["LOC"] == entity_quality.Score(0, 3, 1)
    assert quality.typed.f1 == pytest.approx(200 / 7)


def test_entities_are_compared_with_the_bare_model(tmp_path: Path) -> None:
    """Rows for both sides, over the same marked names; and the expectations, checked where their names stand."""
    (tmp_path / "made_up").write_text(CONLL)
    (tmp_path / "seeds").mkdir()
    seed = (
        "By Mara Quill\nSource: Courier\n\nPresident Joe Biden spoke near Kyiv. Biden said NATO was united.\n"
    )
    (tmp_path / "seeds" / "a.txt").write_text(seed)
    text = entity_quality.measure_asked(
        options(tmp_path, "--conll", str(tmp_path / "made_up"), "--seeds", str(tmp_path / "seeds"))
    )
    marked = {(row[0], row[1]): row[2] for row in rows(text)[2:]}
    assert marked["bare model", "all"] == marked["newsbeam", "all"] == "4"
    assert "`a.txt`: 3 of 3 expected entities are right" in text


@linux_only
def test_a_run_is_held_against_the_bare_model(tmp_path: Path) -> None:
    """A row for each side and each ratio, over the texts that reached the model."""
    given = ("--speed_articles", "8", "--speed_min_chars", "50")
    text = entity_speed.measure(options(tmp_path, *given))
    assert text.startswith("8 texts, ")
    assert [row[0] for row in rows(text)[2:]] == [
        "bare nlp.pipe",
        "one worker",
        "two workers",
        "one worker / bare nlp.pipe",
        "two workers / one worker",
    ]
    with pytest.raises(harness.MissingInputError, match="--speed_min_chars"):
        entity_speed.measure(options(tmp_path, "--speed_min_chars", "100000"))


def test_languages_are_judged(tmp_path: Path) -> None:
    """Made-up English and a language that langdetect lacks: right, und and wrong are counted apart."""
    igbo = {"lang": "xx", "title": None, "text": "Ụlọ ọrụ ahụ kwuru na ọ ga-amalite ọrụ ọhụrụ n’izu na-abịa."}
    path = corpus(tmp_path, 6)
    with gzip.open(path, "at", encoding="utf-8") as file:
        file.write(json.dumps(records(1)[0] | igbo, ensure_ascii=False) + "\n")
    given = ["--texts_each", "4", "--identity_texts", "8", "--document", str(tmp_path / "benchmarks.md")]
    parser = harness.parser_of(list(BENCHMARKS.values()))
    text = language_quality.measure(parser.parse_args(["--corpus", str(path), *given]))
    found = {tuple(row[:3]): row[3:7] for row in rows(text)}
    assert found["langdetect-rs", "articles", "that it has"] == ["4", "100.0", "0.0", "0.0"]
    assert found["langdetect-rs", "articles", "that it hasn't"][0] == "1"
    assert found["langdetect-rs", "articles", "that it hasn't"][1] == "0.0"
    assert "0 of 8 texts differ" in text
    assert language_quality.judge([("en", "en"), ("en", "de"), ("en", "und")]) == {
        "right": 1,
        "wrong": 1,
        "und": 1,
    }


def test_the_speed_of_fingerprints_is_measured() -> None:
    """A rate for each round, and a row with the number of articles."""
    rates, text = near_duplicates.measure_speed(list(records(50)), rounds=2)
    assert len(rates) == 2
    assert rows(text)[-1][0] == "50"


@linux_only
def test_runs_against_a_made_up_index(tmp_path: Path) -> None:
    """A row for an empty one and one for each size."""
    text = index_scale.measure([500], new=20, window_share=0.5, rounds=1, folder=tmp_path)
    assert [row[0] for row in rows(text)[2:]] == ["0", "500"]


def test_runs_over_shuffled_input_are_compared(tmp_path: Path) -> None:
    """Equal on made-up input of each kind."""
    source = tmp_path / "source"
    write_jsonl(source / "records.jsonl", records(40))
    (source / "pier.txt").write_text(SEED)
    (source / "courier.xml").write_text(RSS)
    (tmp_path / "work").mkdir()
    good, text = same_tables.compare([source], 30, tmp_path / "work")
    assert good
    assert "**" not in text


def test_schedules_leave_equal_tables(tmp_path: Path) -> None:
    """A dozen ways in which a run may come about: one content."""
    equal, text = schedules.compare(9, 3, seed=7, folder=tmp_path, stories=4, show=True)
    assert equal
    assert [row[1:3] for row in rows(text)[2:]] == [["9", "1"], ["3", "1"]]


def test_schedules_that_read_something_else_have_another_hash(tmp_path: Path) -> None:
    """The comparison isn't blind: without one edited copy the content is another."""
    made = schedules.made_up_input(7, stories=1)
    first, second = (schedules.draw_schedule(number, ("in order",)) for number in range(2))
    outcome = schedules.measure(made, [first], tmp_path)
    less = dataclasses.replace(made, lines=made.lines[:-5] + made.lines[-4:])
    assert outcome.digests.keys() != schedules.measure(less, [second], tmp_path).digests.keys()


def test_settling_on_many_workers_is_compared_with_one(tmp_path: Path) -> None:
    """Both forms come to the same, and every shuffle of ours is counted."""
    given = ["--settle_articles", "40", "--settle_shards", "4", "--settle_crowd", "20"]
    text = settle_spread.measure(options(tmp_path, *given, count=40))
    assert text.count("equal decisions and index rows: met") == 2
    shuffles = {row[0] for row in rows(text)}
    assert {"GroupByBand", "GroupByToken", "GroupByNode", "SpreadPieces", "all"} <= shuffles
    assert "GroupByKey" not in shuffles


def test_edge_cases_are_run() -> None:
    """Two rows for each kind of input that is asked for, and for what it is compared with."""
    cases = list(edge_cases.chosen(["guid in a feed"]))
    text = edge_cases.measure({"articles": 8, "crowd": 8, "characters": 2_000}, cases)
    assert [text.count(name) for name in ("ordinary articles", "one guid in a feed")] == [2, 2]


def test_a_few_feeds_are_polled_for_two_days(tmp_path: Path) -> None:
    """A row for us and for both ways of asking every 15 minutes, and one for each cost of a poll."""
    given = ["--polled_feeds", "40", "--polled_days", "2", "--polled_costs", "0.02", "0.2"]
    text = politeness.measure(options(tmp_path, *given))
    assert "as the servers noted them: none." in text
    first = [row[0] for row in rows(text)]
    assert "newsbeam, robots.txt included" in first
    assert first[-2:] == ["0.02", "0.2"]


@linux_only
def test_a_few_feeds_are_polled_for_real(tmp_path: Path) -> None:
    """Two runs, and what the servers noted; the second was told that nothing is new."""
    given = ["--load_hosts", "3", "--load_feeds", "2", "--load_items", "3", "--load_gap_s", "0.1"]
    text = polling_load.measure(options(tmp_path, *given, "--load_workers", "1"))
    assert [(row[0], *row[4:]) for row in rows(text)[2:]] == [("all new", "6", "0"), ("unchanged", "6", "6")]
    assert "18 items" in text


@linux_only
def test_an_idle_watch_is_measured_by_both_clocks(tmp_path: Path) -> None:
    """All feeds are polled by each, and a batch is committed."""
    given = ("--watch_hosts", "2", "--watch_feeds", "2", "--watch_items", "2", "--watch_hours", "2")
    text = watch.measure(options(tmp_path, *given, "--watch_minutes", "0.02", "--watch_batches", "4"))
    tables = rows(text)
    hours = [row for row in tables if row[0] in ("1", "2")]
    assert len(hours) == 2
    assert int(hours[1][1]) >= int(hours[0][1]) >= 4
    assert [row[4] for row in tables if row[0] == "all are polled once"] == ["4"]
    assert [row[0] for row in tables if row[0].endswith("-4")] == ["4-4"]


@pytest.mark.parametrize("case", edge_cases.CASES, ids=lambda case: f"{case.name}, {case.size}")
def test_edge_cases_are_made_of_so_many(case: edge_cases.Case, tmp_path: Path) -> None:
    """As many items, or about as many characters, as were asked for."""
    size = 2_000 if case.size == "characters" else 12
    case.write(size, tmp_path)
    (written,) = tmp_path.iterdir()
    text = written.read_text(encoding="utf-8")
    items = text.count("<item>") + text.count('"text"')
    if case.size == "characters":
        assert size * 0.9 < len(text) < size * 2
    else:
        assert items == (100 if case.before is not None and "100" in case.name else size)


# Normalisation. The strings are made up; peers only where NEWSBEAM_NORMALISATION_PEER_PYTHON names a Python with them.

FEEDS = Path(__file__).parent.parent / "data" / "feeds"


def peers_or_none() -> list[str]:
    """The option that names the peers' Python, where there is one."""
    peer = os.environ.get("NEWSBEAM_NORMALISATION_PEER_PYTHON")
    return [] if peer is None else ["--normalisation_peer_python", peer]


def write_lines(path: Path, lines: list[dict[str, object]]) -> Path:
    """Labelled strings as JSON Lines."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_bylines_are_scored(tmp_path: Path) -> None:
    """The share that is right by grade, what was invented, and what was read otherwise."""
    lines: list[dict[str, object]] = [
        {"byline": "By JANE DOE and John Roe", "authors": ["Jane Doe", "john roe"], "quality": "A"},
        {"byline": "By Jane Doe", "authors": ["John Roe"], "quality": "A"},
        {"byline": "Staff", "authors": [""], "quality": "B"},
    ]
    path = write_lines(tmp_path / "bylines.jsonl", lines)
    text = byline_quality.measure(
        options(tmp_path, "--bylines", str(path), "--show_bylines", *peers_or_none())
    )
    assert rows(text)[2][:4] == ["newsbeam", "50.0%", "100.0%", "0 of 1"]
    assert "- A: 'By Jane Doe': ['John Roe'], read as ['Jane Doe']" in text
    assert ("NOT MEASURED" in text) is (not peers_or_none())


def test_times_are_scored(tmp_path: Path) -> None:
    """To what a string states, each page by its surest string."""
    lines: list[dict[str, object]] = [
        {
            "publisher": "de/Nowhere",
            "published_at": "2024-05-01 10:30:15+00:00",
            "raw": {"ld.datePublished": "2024-05-01T12:30:15+02:00", "time.text": "1. Mai 2024, 12:30 Uhr"},
        },
        {
            "publisher": "us/Nowhere",
            "published_at": "2024-05-01 10:30:15+00:00",
            "raw": {"date": "2024-05-01T10:30:15", "dc.date": "2024-05-01", "time.text": "yesteryear"},
        },
    ]
    path = write_lines(tmp_path / "dates.jsonl", lines)
    text = time_quality.measure(options(tmp_path, "--dates", str(path), "--show_times", *peers_or_none()))
    assert rows(text)[2][:7] == ["newsbeam", "1 of 1", "2 of 2", "1 of 2", "2 of 2", "0", "0"]
    assert "'yesteryear' is 2024-05-01T10:30:15+00:00, read as None" in text


def test_sources_are_counted(tmp_path: Path) -> None:
    """The corpus', those of feeds, and what the table lacks."""
    lines: list[dict[str, object]] = [
        {"publisher": "us/Reuters", "raw": {}},
        {"publisher": "xx/Nowhere", "raw": {}},
    ]
    path = write_lines(tmp_path / "dates.jsonl", lines)
    given = options(tmp_path, "--dates", str(path), "--feed_folder", str(FEEDS), "--show_sources")
    text = source_quality.measure(given)
    assert "Of 2 publishers that others wrote scrapers for, the table lacks 1." in text
    assert "- not in the table: Nowhere" in text


def test_addresses_are_scored(tmp_path: Path) -> None:
    """All variants of the made-up feeds' addresses come to one form, and all others to another."""
    text = address_quality.measure(options(tmp_path, "--feed_folder", str(FEEDS), *peers_or_none()))
    found = {row[0]: row[1] for row in rows(text)}
    assert {found[f"same: {name}"] for name in address_quality.SAME} == {"100.0%"}
    assert {found[f"apart: {name}"] for name in address_quality.OTHER} == {"100.0%"}


def test_merged_addresses_are_told() -> None:
    """Those with different titles, and no others."""
    titles = {"https://a.example/?a": {"A"}, "https://a.example/?b": {"B"}, "https://a.example/?c": {"A"}}
    assert address_quality.merges(titles, ["x", "x", "y"]) == [
        ["https://a.example/?a", "https://a.example/?b"]
    ]
    assert address_quality.merges(titles, ["x", "y", "x"]) == []


def test_texts_are_scored(tmp_path: Path) -> None:
    """The feeds' bodies, hostile markup of a few levels, and the corpus cleaned twice."""
    given = options(tmp_path, "--feed_folder", str(FEEDS), "--depth", "20", *peers_or_none())
    text = text_quality.measure(given)
    assert rows(text)[2][0] == "newsbeam"
    assert "of 12 of the corpus, 0 change again" in text


def test_faults_of_texts_are_counted() -> None:
    """A word that is missing, one that was run together, and paragraphs on one line."""
    answers = normalisation.Answers("made up", ["one twothree"], 0, [0.1])
    found = text_quality.faults(["<p>one</p><p>two <b>th</b>ree</p><script>four</script>"], answers)
    assert found == ("66.667%", "33.333%", "1")


# Streams.


@linux_only
@pytest.mark.usefixtures("prism")
def test_streams_are_measured_on_an_engine(tmp_path: Path) -> None:
    """Everything is there once; each part has its cost."""
    given = options(tmp_path, "--minutes", "0.1", "--engines", "prism", "--stream_rate", "10")
    found = streaming_engines.measure(given)
    (prism, costs) = [row for row in rows(found) if row[0] == "prism"]
    assert int(prism[1]) == int(prism[2]) > 20
    assert prism[3:7] == ["0"] * 4
    assert costs[1] != "-"
    assert costs[2] != "-"
    assert "one run says it: met." in found


@linux_only
@pytest.mark.usefixtures("prism")
def test_streams_are_struck(tmp_path: Path) -> None:
    """Each kind of fault is a line."""
    found = streaming_faults.measure(options(tmp_path, "--only", "prism_sigterm", "--times", "1"))
    (line,) = [row for row in rows(found) if row[0] == "prism_sigterm"]
    assert line[1] == "1"
    assert int(line[2]) == int(line[3]) > 20
    assert "met." in found
