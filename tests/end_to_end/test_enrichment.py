"""Languages and entities in the tables of whole runs, by a detector and a model that the tests make."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from tests.end_to_end.made_up import write_jsonl
from tests.tables import rows
from transforms.functions.entities import Mention

TEXT = "Jane Roe left the old town on Monday, and {} heard of it from the council of the other town by the river."
ENGLISH = "The mayor of the old town said on Monday that Angela Merkel would come to see the new bridge over the river."


class Recording:
    """An extractor that takes "Jane Roe" for a person, breaks on some texts, and knows what it was asked."""

    languages = frozenset({"nl"})

    def __init__(self) -> None:
        self.asked: list[str] = []

    def extract(self, texts: Sequence[str], language: str) -> list[tuple[Mention, ...] | None]:
        assert language == "nl"
        self.asked += texts
        return [None if "break" in text else (Mention(0, 8, "PERSON"),) for text in texts]


class Wavering:
    """A detector that hesitates between two."""

    def scores(self, text: str) -> tuple[tuple[str, float], ...]:
        return (("de", 0.57), ("nl", 0.43))


@pytest.fixture
def extractor(monkeypatch: pytest.MonkeyPatch) -> Recording:
    made = Recording()
    monkeypatch.setattr("pipeline.enrichment.DETECTORS", {"langdetect": Wavering})
    monkeypatch.setattr("pipeline.enrichment.load_extractor", lambda name: made)
    return made


def run(folder: Path, records: list[dict[str, str]]) -> dict[str, dict[str, Any]]:
    """The articles of a run over some records, by id."""
    source, out = write_jsonl(folder / "in.jsonl", records), folder / "out"
    options = ("--workers", "1", "--progress", "off")
    assert main(["run", "--input", str(source), "--output", str(out), *options]) == 0
    return {row["url"].rpartition("/")[2]: row for row in rows(out, "articles")}


def record(name: str, text: str, **more: str) -> dict[str, str]:
    return {"id": name, "url": f"https://pier.example/{name}", "text": text} | more


def test_a_declared_language_breaks_a_tie_and_opens_the_way_to_its_model(
    tmp_path: Path, extractor: Recording
) -> None:
    """It is recorded in any case; without it the language is undetermined, and the column null."""
    found = run(
        tmp_path,
        [
            record("one", TEXT.format("Ann"), language="nl-BE"),
            record("two", "Nobody at all wrote anything of the kind about harbours, ferries or lighthouses."),
            record(
                "three", "Seven gardeners planted eleven willows along the canal in spring.", language="fr"
            ),
        ],
    )
    assert {name: (row["language"], row["language_declared"]) for name, row in found.items()} == {
        "one": ("nl", "nl-be"),
        "two": ("und", None),
        "three": ("und", "fr"),
    }
    assert found["one"]["language_confidence"] == pytest.approx(0.43)
    assert [entity["name"] for entity in found["one"]["entities"]] == ["Jane Roe"]
    assert found["two"]["entities"] is found["three"]["entities"] is None


def test_an_article_that_breaks_the_model_costs_its_entities_and_a_warning(
    tmp_path: Path, extractor: Recording
) -> None:
    """Not the run, nor the entities of others."""
    found = run(
        tmp_path,
        [
            record("good", TEXT.format("Ann"), language="nl"),
            record("bad", "The ice will break early this year, said three fishermen at dawn.", language="nl"),
        ],
    )
    assert found["bad"]["entities"] is None
    assert "entities_failed" in found["bad"]["warnings"]
    assert "entities_failed" not in found["good"]["warnings"]
    assert [entity["name"] for entity in found["good"]["entities"]] == ["Jane Roe"]


def test_duplicates_and_unchanged_articles_never_reach_the_model(
    tmp_path: Path, extractor: Recording
) -> None:
    """What is asked is what is kept, once, in the first run and in the next."""
    first = record("one", TEXT.format("Ann"), language="nl")
    copy = record("copy", TEXT.format("Ann"), language="nl")
    run(tmp_path, [first, copy])
    assert extractor.asked == [TEXT.format("Ann")]
    other = "Quite another story, of clocks and of those who wind them, was told in the market."
    run(tmp_path, [first, copy, record("new", other, language="nl")])
    assert extractor.asked == [TEXT.format("Ann"), other]


def test_a_run_without_entities_never_imports_spacy(tmp_path: Path) -> None:
    """Neither when it starts nor when it is done; with them it does."""
    source = write_jsonl(tmp_path / "in.jsonl", [record("one", ENGLISH)])
    script = textwrap.dedent("""
        import sys
        from pipeline.cli import main
        code = main(["run", "--input", sys.argv[1], "--output", sys.argv[2], "--entities", sys.argv[3],
                     "--workers", "1", "--progress", "off"])
        print(code, "spacy" in sys.modules)
    """)
    for entities, imported in (("none", "False"), ("spacy", "True")):
        command = [sys.executable, "-c", script, str(source), str(tmp_path / entities), entities]
        out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
        assert out.splitlines()[-1] == f"0 {imported}"
