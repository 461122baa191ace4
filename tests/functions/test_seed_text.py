"""Seed text files: the header block and the body."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import RecordError
from schemas.records import Origin, RawItem
from tests.hanging import no_hang
from transforms.functions.seed_text import parse_seed

# On a busy machine the first draw, which builds tables of Unicode, takes seconds.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ORIGIN = Origin(kind="seed", uri="made-up.txt")
FIRE = "The fire began in a kitchen on Mill Street, the fire service said."
DATE = "Wed, 01 May 2024 10:00:00 GMT"


def parse(text: str) -> RawItem:
    """Parses made-up seed text."""
    return parse_seed(text.encode(), ORIGIN)


def item(body: str = FIRE, **fields: Any) -> RawItem:
    """The item expected."""
    return RawItem(origin=ORIGIN, body=body, **fields)


def test_a_full_header_is_read() -> None:
    """Every header goes to its field, the body keeps its paragraphs, and nothing is left of the labels."""
    text = (
        "Fire in the old town\nBy Ana Example and Bo Sample, EPN\nUpdated: Wed, 01 May 2024 10:00:00 GMT\n"
        "Published: 30 April 2024\nSource: Example Post\nURL: https://news.example/fire?x=1\n\n"
        f"{FIRE}\nNobody was hurt.\n\nSource: the fire service\nBy Friday all was clean.\n"
    )
    assert parse(text) == item(
        body=f"{FIRE}\nNobody was hurt.\n\nSource: the fire service\nBy Friday all was clean.",
        title="Fire in the old town",
        bylines=("By Ana Example and Bo Sample, EPN",),
        updated=DATE,
        published="30 April 2024",
        source="Example Post",
        url="https://news.example/fire?x=1",
    )


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            f"Source: EPN\nUpdated: {DATE}\nBy Ana Example",
            {"bylines": ("By Ana Example",), "source": "EPN", "updated": DATE},
        ),
        (f"UPDATED : {DATE}\nsource:EPN", {"source": "EPN", "updated": DATE}),
        ("BY ANA EXAMPLE\nSOURCE: EPN", {"bylines": ("BY ANA EXAMPLE",), "source": "EPN"}),
        (f"by ana example\nUpdated: {DATE}", {"bylines": ("by ana example",), "updated": DATE}),
        ("By Ana Example", {"bylines": ("By Ana Example",)}),
        ("By Moser", {"bylines": ("By Moser",)}),
        ("By Friday Example, Example Post", {"bylines": ("By Friday Example, Example Post",)}),
        ("By the Associated Example staff", {"bylines": ("By the Associated Example staff",)}),
        ("By a staff reporter", {"bylines": ("By a staff reporter",)}),
        (
            "By Ana d'Example, Bo van der Sample Jr.",
            {"bylines": ("By Ana d'Example, Bo van der Sample Jr.",)},
        ),
        ("By 安娜 / 例文", {"bylines": ("By 安娜 / 例文",)}),
        ("By: Ana Example", {"bylines": ("Ana Example",)}),
        ("Author: Ana Example", {"bylines": ("Ana Example",)}),
        ("byline:  By Ana Example ", {"bylines": ("By Ana Example",)}),
        ("Link: https://news.example/", {"url": "https://news.example/"}),
        ("Title: By the time we came\nSource: EPN", {"title": "By the time we came", "source": "EPN"}),
        (f"Last updated: {DATE}", {"updated": DATE}),
        (
            "By Ana Example\nUpdated 3:16 PM ET, Wed May 1, 2024",
            {"bylines": ("By Ana Example",), "updated": "3:16 PM ET, Wed May 1, 2024"},
        ),
        ("Source：例文新聞", {"source": "例文新聞"}),
        ("Source:\nUpdated:\nTitle: Fire", {"title": "Fire"}),
        (f"By\nUpdated: {DATE}", {"updated": DATE}),
        (
            "\ufeff\n \n  By Ana Example  \nSource:\u00a0EPN",
            {"bylines": ("By Ana Example",), "source": "EPN"},
        ),
    ],
)
def test_headers_in_any_order_case_and_spacing(header: str, fields: dict[str, Any]) -> None:
    """Each is a header block, with a blank line or one of blanks, LF or CRLF."""
    assert parse(f"{header}\n\n{FIRE}") == item(**fields)
    assert parse(f"{header}\n \t\n{FIRE}\n".replace("\n", "\r\n")) == item(**fields)
    assert parse(f"{header}\n\u200b\n{FIRE}\n") == item(**fields)


@pytest.mark.parametrize(
    "text",
    [
        FIRE,
        f"Fire in the old town\n\n{FIRE}",
        "By the time the fire crews arrived, the roof had fallen in.\n\nNobody was hurt.",
        "By the time the fire crews arrived,\nthe roof had fallen in.\n\nNobody was hurt.",
        "By Friday night the roof had fallen in.\n\nNobody was hurt.",
        "By Friday, Example County had counted 12 fires.\n\nNobody was hurt.",
        "By 2030, Example City wants no more fires.\n\nNobody was hurt.",
        "By 5 p.m. Ana Example was home.\n\nNobody was hurt.",
        "By contrast, Sample City saw none.\n\nNobody was hurt.",
        "By Ana Example's account the fire was small, and she was there.\n\nNobody was hurt.",
        "By Monday Senator Ana Example\nhad changed her mind.\n\nNobody was hurt.",
        "By a vote of 7 to 2, Example City chose a bridge.\n\nNobody was hurt.",
        # a header-like line inside the first paragraph, or under it
        "The bank may raise its rate\nby a quarter point in June, a\nsource: a person close to it, said.\n\nMore.",
        f"{FIRE}\nSource: the fire service\nNobody was hurt.",
        f"{FIRE}\nBy Friday night all was clean.\nNobody was hurt.",
        f"{FIRE}\n\nBy Ana Example\nUpdated: {DATE}\nSource: EPN\n\nNobody was hurt.",
        f"{FIRE} And so on, at length.\nSource: EPN\n\nNobody was hurt.",
        "Source: " + "it is said that " * 20 + "\n\nNobody was hurt.",
        "Published 1987 figures show 12 fires.\n\nNobody was hurt.",
    ],
)
def test_an_article_without_a_header_is_all_body(text: str) -> None:
    """What only begins like a header is text, and the item says that it had none."""
    assert parse(text) == item(body=text, warnings=("no_header",))


@pytest.mark.parametrize(
    "title",
    ["By the time we came", "By The Time We Came", "By 2030, no more fires", "Fire!", "Live: the fire"],
)
def test_a_first_line_before_headers_is_the_title(title: str) -> None:
    """Also one that begins like a byline."""
    text = f"{title}\nBy Ana Example\nUpdated: {DATE}\n\n{FIRE}"
    assert parse(text) == item(title=title, bylines=("By Ana Example",), updated=DATE)
    assert parse(f"{title}\nUpdated: {DATE}\n\n{FIRE}") == item(title=title, updated=DATE)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("Source: EPN", "Source: Example Post", "EPN"),
        ("SOURCE: EPN", "source:", "EPN"),
        ("Source:", "Source: EPN", "EPN"),
    ],
)
def test_the_first_of_repeated_headers_is_taken(first: str, second: str, expected: str) -> None:
    """The item says that there was another."""
    text = f"{first}\nUpdated: {DATE}\n{second}\n\n{FIRE}"
    assert parse(text) == item(source=expected, updated=DATE, warnings=("repeated_header",))


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (f"By Ana Example\nUpdated: {DATE}", {"bylines": ("By Ana Example",), "updated": DATE}),
        ("Source: EPN", {"source": "EPN"}),
        ("By Ana Example", {"bylines": ("By Ana Example",)}),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        FIRE,
        f"    {FIRE}\n    Nobody was hurt.",
        "By Friday night the roof had fallen in.",
        f"{FIRE}\nSource: it\n\nMore.",
    ],
)
def test_a_body_may_follow_at_once(header: str, fields: dict[str, Any], body: str) -> None:
    """Where the blank line is missing the first line of prose starts the body."""
    assert parse(f"{header}\n{body}") == item(body=body.strip(), warnings=("no_blank_line",), **fields)


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("By Ana Example and\nBo Sample, EPN", "By Ana Example and Bo Sample, EPN"),
        ("By Ana Example,\n    Bo Sample", "By Ana Example, Bo Sample"),
        ("By\nAna Example", "Ana Example"),
    ],
)
def test_a_byline_may_run_on(byline: str, expected: str) -> None:
    """In the next line, in the block or at its end."""
    assert parse(f"{byline}\nUpdated: {DATE}\n\n{FIRE}") == item(bylines=(expected,), updated=DATE)
    assert parse(f"Updated: {DATE}\n{byline}\n\n{FIRE}") == item(bylines=(expected,), updated=DATE)


def test_a_line_that_is_no_header_is_passed_over() -> None:
    """Between headers it hides none of them."""
    text = f"By Ana Example\nEPN Fire Correspondent\nUpdated: {DATE}\nSection: City\nSource: EPN\n\n{FIRE}"
    assert parse(text) == item(
        bylines=("By Ana Example",), updated=DATE, source="EPN", warnings=("unknown_header",)
    )


@pytest.mark.parametrize("text", ["", " \n\n\t", "\ufeff", "\0\0", "\r\n"])
def test_an_empty_file_is_refused(text: str) -> None:
    """There is nothing to keep."""
    with pytest.raises(RecordError) as caught:
        parse(text)
    assert caught.value.reason == "empty-file"
    assert "made-up.txt" in caught.value.detail


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n \n\t\r\n\n", "\n\u200b\n"])
@pytest.mark.parametrize(
    "header", [f"By Ana Example\nUpdated: {DATE}", "Source: EPN", "Fire in the old town\nBy Ana Example"]
)
def test_a_header_without_a_body_is_refused(header: str, end: str) -> None:
    """A header alone is no article."""
    with pytest.raises(RecordError) as caught:
        parse(header + end)
    assert caught.value.reason == "no-body"
    assert "made-up.txt" in caught.value.detail


def test_other_charsets_are_read() -> None:
    """What decoding had to guess or repair is in the warnings."""
    text = "By Jörg Müller\nSource: Grüner Bote\n\nDie Bürger müssen für die Brücke höhere Gebühren zahlen."
    plain = parse(text)
    assert parse_seed(text.encode("utf-16"), ORIGIN) == plain
    legacy = parse_seed(text.encode("cp1252") + b"\0", ORIGIN)
    assert (legacy.bylines, legacy.body) == (plain.bylines, plain.body)
    assert legacy.warnings == ("charset_detected", "nul_removed")


@pytest.mark.parametrize(
    "text",
    [
        "By " * 200_000,
        "Source: x\n" * 50_000,
        "By\n" * 100_000,
        "By Ana and\n" * 30_000,
        " \n" * 200_000 + "x",
        "By A" + " " * 500_000 + "b",
        "Updated " + "1" * 500_000,
        "a:" * 200_000,
        "\nx" * 200_000,
    ],
)
def test_splitting_takes_linear_time(text: str) -> None:
    """No file makes it slow."""
    with no_hang(), contextlib.suppress(RecordError):
        parse(text)


LINES = st.sampled_from(
    [
        "",
        " ",
        "By",
        "By Ana Example",
        "By now it was",
        "Updated: 2024",
        "Source: EPN",
        "Source:",
        "Title: x",
        "  more",
        "Prose.",
        "Prose, and",
    ]
)


@UNHURRIED
@given(st.lists(LINES, max_size=9))
def test_nothing_raises_and_no_body_has_a_sure_header_on_top(lines: list[str]) -> None:
    """Any mixture is an item with a body, or refused as empty."""
    reason, found = None, None
    try:
        found = parse("\n".join(lines))
    except RecordError as error:
        reason = error.reason
    assert (found is not None and bool(found.body)) or reason in {"empty-file", "no-body"}
    if lines and lines[0].startswith("Updated:") and found is not None:
        assert found.updated in {"2024", "2024 more"}
