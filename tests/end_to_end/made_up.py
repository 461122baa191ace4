# ruff: noqa: E501 - feeds have long lines
"""Input for whole runs, made up: every name, place and event in it is invented."""

from __future__ import annotations

import json
import random
from pathlib import Path

SEED = """By Mara Quill and Tobias Ferrow, Ellery Post
Updated: Thu, 02 May 2024 09:15:30 GMT
Source: Ellery Post

The harbour council of Port Ellery voted on Tuesday to rebuild the old ferry pier, closing a dispute that had run for
eleven years and through four mayors of the small town on the coast of Norland.

"We have waited long enough," said councillor Ines Halloway, who brought the motion in March.
Source: the council's minutes, which list twelve votes for and three against.
"""

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Norland Courier - Top Stories</title><link>https://courier.example/</link><language>en-gb</language>
<item><title>Ferry &amp;amp; pier: what now?</title><link>https://courier.example/a?utm_source=rss</link>
<guid isPermaLink="false">courier-1</guid><dc:creator>Pell Vantry</dc:creator>
<pubDate>Wed, 01 May 2024 18:00:00 +0200</pubDate>
<description>Short of it.</description>
<content:encoded><![CDATA[<p>The rebuilt ferry pier will take two years and cost nine million crowns, the council said.</p>
<p>Boats will land at the fish market until then, where traders fear for their stalls &amp; customers.</p>]]></content:encoded>
</item>
<item><title>Undated item</title><link>https://courier.example/b</link><guid>https://courier.example/b</guid>
<description>An item with no date at all, which is filed under the day on which it was read, and says nothing else.</description>
</item></channel></rss>
"""

WORDS = [
    "harbour",
    "council",
    "ferry",
    "pier",
    "market",
    "winter",
    "school",
    "river",
    "bridge",
    "mayor",
    "vote",
    "budget",
    "train",
    "station",
    "village",
    "forest",
    "doctor",
    "hospital",
    "teacher",
    "winner",
    "season",
    "coach",
    "player",
    "factory",
    "worker",
    "union",
    "strike",
    "festival",
    "singer",
    "museum",
    "painter",
    "storm",
    "flood",
    "harvest",
    "farmer",
    "tractor",
    "engine",
    "airport",
    "pilot",
    "engineer",
    "court",
    "judge",
    "lawyer",
    "police",
    "witness",
    "road",
    "tunnel",
]


#: As many words as a newspaper has: texts drawn from few words would all look a little alike.
MANY_WORDS = [word + first + second for word in WORDS for first in "aeiklmnorstuvy" for second in "dfghnprst"]


def records(count: int, seed: int = 7) -> list[dict[str, str]]:
    """That many JSONL records, each with a text of its own over some days."""
    generator = random.Random(seed)
    made = []
    for number in range(count):
        text = " ".join(generator.choice(MANY_WORDS) for _ in range(60))
        made.append(
            {
                "id": f"made-up-{seed}-{number}",
                "url": f"https://news{number % 5}.example/{seed}/{number}",
                "title": f"Story {number} of the {generator.choice(WORDS)}",
                "byline": "By Mara Quill",
                "source": "Ellery Post",
                "published": f"2024-04-{number % 28 + 1:02d}T{number % 24:02d}:00:00Z",
                "text": text[0].upper() + text[1:] + ".",
            }
        )
    return made


def cuts_of_one_story(seed: int = 11) -> list[dict[str, str]]:
    """A long story, and two cuts of it that have too little in common to be taken for one without it."""
    words = " ".join(record["text"] for record in records(5, seed)).split()
    whole, head, tail = words, words[:190], words[120:]
    return [
        {
            "url": f"https://{name}.example/{seed}",
            "source": name.title(),
            "title": f"How {name} tells it",
            "published": f"2024-04-0{day}T10:00:00Z",
            "text": " ".join(cut),
        }
        for name, day, cut in (("whole", 3, whole), ("head", 1, head), ("tail", 2, tail))
    ]


def write_jsonl(path: Path, made: list[dict[str, str]]) -> Path:
    """Writes records as JSONL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in made), encoding="utf-8")
    return path
