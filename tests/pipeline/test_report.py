"""The end of a run: what it says, and that the lines it offers work as they stand."""

from __future__ import annotations

import datetime as dt
import shlex
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.report import RunTotal, render_report, total_of
from schemas.state import Counts, DeadLetterExample, Manifest, StagedFile

STARTED = dt.datetime(2024, 3, 15, 12, tzinfo=dt.timezone.utc)


def total(
    counts: Counts,
    *files: StagedFile,
    dead_letters: tuple[DeadLetterExample, ...] = (),
    timings: dict[str, float] | None = None,
) -> RunTotal:
    return total_of(made(counts, *files, dead_letters=dead_letters, timings=timings))


def made(
    counts: Counts,
    *files: StagedFile,
    dead_letters: tuple[DeadLetterExample, ...] = (),
    timings: dict[str, float] | None = None,
) -> Manifest:
    return Manifest(
        run_id="20240315T120000Z-made-up",
        schema_version=1,
        started_at=STARTED,
        committed_at=STARTED + dt.timedelta(seconds=12.34),
        options={},
        versions={},
        counts=counts,
        files=files,
        dead_letters=dead_letters,
        timings=timings or {},
    )


def staged(table: str, rows: int, size: int, name: str = "a") -> StagedFile:
    target = f"{table}/date=2024-03-15/{name}.parquet"
    return StagedFile(f"_staging/{target}", target, table, rows, size)


def write_articles(output: Path, *titles: str) -> None:
    folder = output / "articles" / "date=2024-03-15"
    folder.mkdir(parents=True)
    columns = {
        "title": list(titles),
        "source": ["The Ellery Courier"] * len(titles),
        "language": ["en"] * len(titles),
        "published_at": pa.array([STARTED] * len(titles), pa.timestamp("us", tz="UTC")),
    }
    pq.write_table(pa.table(columns), folder / "a.parquet")


def test_it_says_what_became_of_every_item(tmp_path: Path) -> None:
    """Counts, and for each table what was written; our own files are not counted."""
    report = render_report(
        total(
            Counts(read=1300, kept=1200, duplicate=30, unchanged=60, dead_letter=10, dead_letter_known=9),
            staged("articles", 1100, 3_000_000),
            staged("articles", 100, 210_000, "b"),
            staged("duplicates", 30, 4_120),
            staged("dead_letters", 1, 812),
            staged("index/articles", 1230, 99_999),
        ),
        str(tmp_path),
    )
    assert report.splitlines()[:7] == [
        "Run 20240315T120000Z-made-up, 12.3 s",
        "",
        "  read         1,300  items",
        "  kept         1,200  -> articles: 1,200 rows in 2 files, 3.2 MB",
        "  duplicate       30  -> duplicates: 30 rows in 1 file, 4.1 kB",
        "  unchanged       60  written nowhere",
        "  dead letter     10  -> dead_letters: 1 row in 1 file, 812 B, 9 on record already",
    ]


def test_the_total_is_what_was_timed(tmp_path: Path) -> None:
    """With `--now` the manifest's times stand still; the timings don't."""
    report = render_report(total(Counts(), timings={"total_s": 125.0}), str(tmp_path))
    assert report.splitlines()[0].endswith(", 2 min 05 s")


@pytest.mark.parametrize(
    "counts",
    [
        Counts(read=9, unchanged=9),
        Counts(read=9, unchanged=7, dead_letter=2, dead_letter_known=2),
    ],
)
def test_a_run_that_adds_nothing_says_so(tmp_path: Path, counts: Counts) -> None:
    """Typed again, the first command's second line is this."""
    write_articles(tmp_path, "kept earlier")
    lines = render_report(total(counts, staged("feeds", 3, 500)), str(tmp_path)).splitlines()
    assert lines[1] == "No new rows: everything read was already there."
    assert any("import duckdb" in line for line in lines)


@pytest.mark.parametrize("table", ["articles", "duplicates", "dead_letters"])
def test_a_row_in_any_table_is_a_new_row(tmp_path: Path, table: str) -> None:
    """What was set aside is written too."""
    report = render_report(total(Counts(read=1, kept=1), staged(table, 1, 500)), str(tmp_path))
    assert "No new rows" not in report


def test_a_run_without_input_says_so(tmp_path: Path) -> None:
    """Empty feeds are no failure, and nothing "was already there" either."""
    report = render_report(total(Counts()), str(tmp_path))
    assert "Nothing was read" in report
    assert "No new rows" not in report


def test_dead_letters_stand_by_reason_most_first(tmp_path: Path) -> None:
    """One example each, on one line, cut to the width, with nothing in it that steers a terminal."""
    report = render_report(
        total(
            Counts(read=5, dead_letter=5),
            dead_letters=(
                DeadLetterExample("parse", "no-body", 1, "seeds/ferry.txt has a header and nothing after it"),
                DeadLetterExample("read", "bad-line", 4, "line 3\nof\x1b[2J " + "x" * 100),
            ),
        ),
        str(tmp_path),
        console_width=60,
    )
    lines = report.splitlines()
    start = lines.index("Dead letters, by reason, with an example of each:")
    assert lines[start + 1 : start + 5] == [
        "  4 read/bad-line",
        r"    line 3\nof\x1b[2J " + "x" * 37 + "…",
        "  1 parse/no-body",
        "    seeds/ferry.txt has a header and nothing after it",
    ]
    assert len(lines[start + 2]) == 60


def test_without_articles_there_is_nothing_to_open(tmp_path: Path) -> None:
    """No line is offered that would fail."""
    (tmp_path / "articles").mkdir()
    report = render_report(total(Counts(read=1, dead_letter=1), staged("dead_letters", 1, 10)), str(tmp_path))
    assert report.splitlines()[-1] == f"Nothing to open yet: there are no articles in {tmp_path}"


@pytest.mark.parametrize("name", ["out", 'it\'s [1] * "new" $HOME `x` #ü?{a,b}!'])
def test_the_lines_to_paste_work(tmp_path: Path, name: str) -> None:
    """In a shell, as they stand, from another folder, whatever the folder is called."""
    output = tmp_path / name
    write_articles(output, "Bridge reopens")
    report = render_report(total(Counts(read=1, unchanged=1)), str(output))
    install, duckdb, pandas = report.splitlines()[-3:]
    assert shlex.split(install)[1:] == ["-m", "pip", "install", "--quiet", "duckdb", "pandas"]
    for line in (duckdb, pandas):
        done = subprocess.run(
            ["sh", "-c", line], cwd="/", capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert "Bridge reopens" in done.stdout


def test_a_relative_folder_is_shown_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines are pasted somewhere else."""
    monkeypatch.chdir(tmp_path)
    write_articles(tmp_path / "out", "Bridge reopens")
    report = render_report(total(Counts(read=1, unchanged=1)), "out")
    assert f'pandas.read_parquet("{tmp_path}/out/articles")' in report


@pytest.mark.parametrize(
    ("counts", "opened"), [(Counts(read=2, unchanged=2), True), (Counts(read=2, dead_letter=2), False)]
)
def test_an_address_stays_as_given(counts: Counts, opened: bool) -> None:
    """Tables in a bucket are not looked for on the disk."""
    report = render_report(total(counts), "gs://bucket/news/")
    assert ('duckdb.read_parquet("gs://bucket/news/articles/**/*.parquet"' in report) is opened
    assert "gs://bucket/news" in report


def test_chunks_are_added_up(tmp_path: Path) -> None:
    """One run to its reader: counts, rows, files, seconds and dead letters of all its chunks."""
    letters = (DeadLetterExample("parse", "no-body", 1, "a made-up file"),)
    total = RunTotal("daily")
    for _ in range(3):
        total = total.plus(
            made(
                Counts(read=1_000, kept=990, unchanged=9, dead_letter=1),
                staged("articles", 990, 1_000_000),
                staged("dead_letters", 1, 800),
                staged("index/articles", 990, 99_999),
                dead_letters=letters,
                timings={"total_s": 50.0},
            )
        )
    lines = render_report(total, str(tmp_path)).splitlines()
    assert lines[0] == "Run daily, 2 min 30 s, in 3 chunks"
    assert "  kept         2,970  -> articles: 2,970 rows in 3 files, 3.0 MB" in lines
    assert "  dead letter      3  -> dead_letters: 3 rows in 3 files, 2.4 kB" in lines
    assert "  3 parse/no-body" in lines
