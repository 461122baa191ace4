"""Made-up news for streams to be tried on: the same items in the same order for the same seed.

What is published and when (seconds since the beginning) hangs on the seed alone, never on the clock, so that two runs
of the server say the same. Every name, place and event in it is invented.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import email.utils
import html
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from tests.end_to_end.made_up import MANY_WORDS, WORDS
from transforms.functions.identity import content_hash

#: What is published, and how often. "also": the same item in another feed of its publisher. "silent edit": without a
#: word of it in the times. "out of order": of some minutes ago. "late": of days ago. "malformed": says nothing at all.
#: "sloppy": not well-formed, which spoils the document; in one feed only.
KINDS = {
    "fresh": 0.60,
    "repeat": 0.06,
    "edit": 0.07,
    "silent edit": 0.02,
    "near": 0.06,
    "exact": 0.04,
    "also": 0.04,
    "late": 0.03,
    "out of order": 0.04,
    "undated": 0.02,
    "malformed": 0.01,
    "sloppy": 0.01,
}

#: The feed in which "sloppy" items appear.
SLOPPY_FEED = 1

_FIRST = ("Mara", "Tobias", "Ines", "Pell", "Orla", "Devin", "Sunniva", "Casper", "Lotte", "Ruben")
_LAST = ("Quill", "Ferrow", "Halloway", "Vantry", "Brask", "Ostermark", "Tilling", "Norgate", "Wynn")
_PLACES = ("Port Ellery", "Norland", "Saltmere", "Highfen", "Tarnby", "Oldbridge", "Kestrel Bay")
_JOINTS = (
    "of the", "and the", "for a", "with the", "said that", "in", "after the", "which", "was told by", "near",
    "and", "at the", "before", "will", "to the",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One appearance of an item at the top of a feed.

    number: in order of publishing. at: seconds since the beginning. feed: by number. revision: 1 for the first text.
    published, updated: as stated, seconds since the beginning, which may lie before it; None where not stated.
    """

    number: int
    at: float
    kind: str
    feed: int
    guid: str
    link: str
    title: str
    paragraphs: tuple[str, ...]
    byline: str
    tag: str
    published: float | None
    updated: float | None = None
    revision: int = 1

    @property
    def is_article(self) -> bool:
        """Whether there is anything in it to be kept."""
        return self.kind != "malformed"

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells a revision in the tables: guid, title, and the hash of the text."""
        return self.guid, self.title, content_hash("\n".join(self.paragraphs))


class Newsroom:
    """Writes entries, one after the other.

    feeds: how many; two and two are of one publisher. rate: entries a second. edit_after_s: how old the appearance of
    an item is at the least when it appears again, edited or not. gone_feed: a feed that publishes nothing any more
    after silent_from_s; None for none.
    """

    def __init__(
        self,
        *,
        seed: int,
        feeds: int,
        rate: float,
        edit_after_s: float,
        gone_feed: int | None = None,
        silent_from_s: float = 0.0,
    ) -> None:
        self._random = random.Random(seed)
        self._seed, self._feeds, self._rate = seed, feeds, rate
        self._edit_after_s = edit_after_s
        self._gone_feed, self._silent_from_s = gone_feed, silent_from_s
        self._latest: dict[str, Entry] = {}
        #: Guids in the order of their last appearance: old ones first.
        self._order: list[str] = []
        self._also: set[str] = set()
        #: Guid -> the first item of its story; and of each story the publishers that told it. None tells one twice:
        #: one run takes the same text of one paper and day for one article, whatever it is called, where a later run
        #: only knows that the text is another paper's, if that was the first.
        self._story: dict[str, str] = {}
        self._told: dict[str, set[int]] = {}

    def entries(self) -> Iterator[Entry]:
        """All that is ever published, without an end."""
        number = 0
        while True:
            entry = self._entry(number, number / self._rate)
            if entry is not None:
                self._latest[entry.guid] = entry
                self._order.append(entry.guid)
                yield entry
            number += 1

    def _entry(self, number: int, at: float) -> Entry | None:
        kind = self._random.choices(list(KINDS), list(KINDS.values()))[0]
        open_feeds = [
            feed for feed in range(self._feeds) if feed != self._gone_feed or at < self._silent_from_s
        ]
        feed = self._random.choice(open_feeds)
        if kind == "sloppy":
            feed = min(SLOPPY_FEED, self._feeds - 1)
        fresh = self._fresh(number, at, feed, kind)
        if kind in ("fresh", "malformed", "sloppy"):
            return fresh
        if kind == "undated":
            return dataclasses.replace(fresh, published=None)
        if kind == "late":
            return dataclasses.replace(fresh, published=at - self._random.uniform(1, 20) * 86_400)
        if kind == "out of order":
            return dataclasses.replace(fresh, published=at - self._random.uniform(60, 3_600))
        base = self._base(at, kind, open_feeds)
        if base is None:
            return dataclasses.replace(fresh, kind="fresh")
        if kind == "also":
            return dataclasses.replace(base, number=number, at=at, kind=kind, feed=base.feed ^ 1)
        if kind == "repeat":
            return dataclasses.replace(base, number=number, at=at, kind=kind)
        if kind in ("edit", "silent edit"):
            return self._edited(base, number, at, kind)
        story = self._story.get(base.guid, base.guid)
        publishers = self._told.setdefault(story, {base.feed // 2})
        others = [one for one in open_feeds if one // 2 not in publishers]
        if not others:
            return dataclasses.replace(fresh, kind="fresh")
        feed = self._random.choice(others)
        publishers.add(feed // 2)
        told = self._fresh(number, at, feed, kind)
        self._story[told.guid] = story
        if kind == "exact":
            return dataclasses.replace(told, paragraphs=base.paragraphs)
        return dataclasses.replace(told, paragraphs=self._retold(base.paragraphs))

    def _base(self, at: float, kind: str, open_feeds: Sequence[int]) -> Entry | None:
        """An item to be shown again, edited or told by another paper."""
        for _ in range(20):
            if not self._order:
                return None
            entry = self._latest[self._random.choice(self._order[-2_000:])]
            if not entry.is_article or entry.feed not in open_feeds:
                continue
            if kind in ("near", "exact"):
                return entry
            if kind == "also":
                if entry.guid not in self._also and entry.feed ^ 1 in open_feeds and entry.kind != "sloppy":
                    self._also.add(entry.guid)
                    return entry
                continue
            if at - entry.at >= self._edit_after_s and entry.kind not in ("sloppy", "also"):
                return entry
        return None

    def _fresh(self, number: int, at: float, feed: int, kind: str) -> Entry:
        draw = self._random
        publisher = feed // 2
        link = f"https://paper{publisher}.example/{self._seed}/{number}-{draw.choice(WORDS)}"
        # Of each kind of guid: the feed's own, unique by its form, and a permalink.
        guid = (
            f"p{publisher}-{self._seed}-{number}",
            f"tag:paper{publisher}.example,2024:{self._seed}-{number}",
            link,
        )[publisher % 3]
        if kind == "malformed":
            guid = f"malformed-{self._seed}-{number}"
        title = f"{draw.choice(_PLACES)}: {self._words(6)}".strip()
        if kind == "sloppy":
            title += " & more"
        names = " and ".join(
            f"{draw.choice(_FIRST)} {draw.choice(_LAST)}" for _ in range(draw.choice((1, 1, 2)))
        )
        return Entry(
            number=number,
            at=at,
            kind=kind,
            feed=feed,
            guid=guid,
            link=link,
            title=title,
            paragraphs=tuple(self._paragraph() for _ in range(draw.randint(2, 4))),
            byline=f"By {names}",
            tag=draw.choice(WORDS),
            published=at,
        )

    def _edited(self, base: Entry, number: int, at: float, kind: str) -> Entry:
        draw = self._random
        title, paragraphs = base.title, list(base.paragraphs)
        if draw.random() < 0.3:
            title = f"{title}, {draw.choice(MANY_WORDS)}"
        else:
            place = draw.randrange(len(paragraphs))
            paragraphs[place] = self._reworded(paragraphs[place], 0.05) + f" {self._sentence()}"
        return dataclasses.replace(
            base,
            number=number,
            at=at,
            kind=kind,
            title=title,
            paragraphs=tuple(paragraphs),
            updated=base.updated if kind == "silent edit" else at,
            revision=base.revision + 1,
        )

    def _retold(self, paragraphs: Sequence[str]) -> tuple[str, ...]:
        """The same story, as another paper has it: a few words changed, or an end cut off, or a frame around it."""
        way = self._random.randrange(3)
        if way == 0:
            return tuple(self._reworded(paragraph, 0.04) for paragraph in paragraphs)
        if way == 1 and len(paragraphs) > 2:
            return tuple(paragraphs[:-1])
        return (*paragraphs, self._sentence())

    def _reworded(self, text: str, share: float) -> str:
        return " ".join(
            self._random.choice(MANY_WORDS) if word.islower() and self._random.random() < share else word
            for word in text.split(" ")
        )

    def _paragraph(self) -> str:
        return " ".join(self._sentence() for _ in range(self._random.randint(2, 4)))

    def _sentence(self) -> str:
        words = self._words(self._random.randint(8, 16))
        if self._random.random() < 0.3:
            words += f" in {self._random.choice(_PLACES)}"
        if self._random.random() < 0.2:
            words += f" by {self._random.randint(2, 900)}"
        return f"The {words}."

    def _words(self, count: int) -> str:
        draw = self._random
        return " ".join(
            draw.choice(_JOINTS) if place % 3 == 2 and place < count - 1 else draw.choice(MANY_WORDS)
            for place in range(count)
        )


@dataclasses.dataclass(frozen=True, slots=True)
class FeedLook:
    """How a feed looks. address: its own. began: the beginning that the times of its entries count from."""

    number: int
    address: str
    began: dt.datetime

    @property
    def is_atom(self) -> bool:
        """Every second publisher writes Atom, the others RSS 2.0."""
        return self.number // 2 % 2 == 1

    @property
    def content_type(self) -> str:
        """The media type of its documents."""
        return "application/atom+xml" if self.is_atom else "application/rss+xml"

    def document(self, entries: Sequence[Entry]) -> bytes:
        """A document with these entries, in this order. Raises ValueError where one guid stands in it twice."""
        twice = [guid for guid, count in Counter(entry.guid for entry in entries).items() if count > 1]
        if twice:
            raise ValueError(f"twice in one document: {twice[:3]}")
        publisher = self.number // 2
        home = f"https://paper{publisher}.example/"
        name = f"Paper {publisher} - {('World', 'Region')[self.number % 2]}"
        if self.is_atom:
            body = "".join(map(self._atom, entries))
            return (
                '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
                f"<title>{name}</title><id>{home}feed/{self.number}</id>"
                f'<link rel="self" href="{escape(self.address)}"/><link href="{home}"/>'
                f"<updated>{self._iso(max((entry.at for entry in entries), default=0.0))}</updated>\n{body}</feed>\n"
            ).encode()
        body = "".join(map(self._rss, entries))
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
            f'xmlns:dcterms="http://purl.org/dc/terms/"><channel><title>{name}</title><link>{home}</link>'
            f'<atom:link rel="self" href="{escape(self.address)}" type="application/rss+xml"/>'
            f"<language>en</language><description>Made up</description>\n{body}</channel></rss>\n"
        ).encode()

    def _rss(self, entry: Entry) -> str:
        permalink = str(entry.guid == entry.link).lower()
        guid = f'<guid isPermaLink="{permalink}">{escape(entry.guid)}</guid>'
        date = "" if entry.published is None else f"<pubDate>{self._rfc822(entry.published)}</pubDate>"
        if not entry.is_article:
            return f'<item><guid isPermaLink="false">{escape(entry.guid)}</guid>{date}</item>\n'
        updated = (
            ""
            if entry.updated is None
            else f"<dcterms:modified>{self._iso(entry.updated)}</dcterms:modified>"
        )
        title = entry.title if entry.kind == "sloppy" else escape(entry.title)
        return (
            f"<item><title>{title}</title><link>{escape(entry.link)}</link>{guid}{date}{updated}"
            f"<dc:creator>{escape(entry.byline)}</dc:creator><category>{escape(entry.tag)}</category>"
            f"<description>{escape(_teaser(entry))}</description>"
            f"<content:encoded><![CDATA[{_html(entry)}]]></content:encoded></item>\n"
        )

    def _atom(self, entry: Entry) -> str:
        updated = entry.published if entry.updated is None else entry.updated
        dates = "" if entry.published is None else f"<published>{self._iso(entry.published)}</published>"
        dates += "" if updated is None else f"<updated>{self._iso(updated)}</updated>"
        if not entry.is_article:
            return f"<entry><id>{escape(entry.guid)}</id>{dates}</entry>\n"
        title = entry.title if entry.kind == "sloppy" else escape(entry.title)
        return (
            f"<entry><id>{escape(entry.guid)}</id><title>{title}</title>"
            f'<link href="{escape(entry.link)}"/>{dates}<author><name>{escape(entry.byline)}</name></author>'
            f'<category term="{escape(entry.tag)}"/><summary>{escape(_teaser(entry))}</summary>'
            f'<content type="html">{escape(_html(entry))}</content></entry>\n'
        )

    def _iso(self, at: float) -> str:
        return (self.began + dt.timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _rfc822(self, at: float) -> str:
        return email.utils.format_datetime(self.began + dt.timedelta(seconds=at), usegmt=True)


def _html(entry: Entry) -> str:
    return "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in entry.paragraphs)


def _teaser(entry: Entry) -> str:
    return " ".join(entry.paragraphs[0].split()[:20])


def snapshots(look: FeedLook, entries: Sequence[Entry], most: int = 100) -> list[bytes]:
    """All that a feed ever showed as documents, in the order of publishing.

    None of them has one guid twice, since edits and repeats begin a new one. most: entries of a document.
    """
    documents: list[list[Entry]] = [[]]
    for entry in entries:
        last = documents[-1]
        if len(last) == most or any(one.guid == entry.guid for one in last):
            documents.append([])
        documents[-1].append(entry)
    # The newest come first, as in the feed itself.
    return [look.document(entries[::-1]) for entries in documents if entries]
