"""Publishers: one name for each, and where its newsroom is.

The table is `data/publishers.tsv`; a file of the same form extends or overrides it. What is not in the table keeps
the name that it gives itself: nothing is guessed.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType

from publicsuffixlist import PublicSuffixList

from transforms.functions.time_zones import load_place

#: No name of a publisher is longer; what is longer is read as far as this. Characters.
MAX_NAME_LENGTH = 300


def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Sites that show what others publish. Hosts, since a registrable domain such as google.com has other parts too.
_AGGREGATOR_DOMAINS = _word_set(
    """
    news.google.com google.com news.yahoo.com yahoo.com msn.com flipboard.com apple.news smartnews.com
    newsbreak.com feedburner.com feedproxy.google.com feedly.com inoreader.com reddit.com
    news.ycombinator.com bing.com pocket.co getpocket.com dailyhunt.in toutiao.com ground.news newsnow.co.uk
    """
)
_AGGREGATOR_NAMES = frozenset(
    {
        "google news", "google", "google noticias", "google nachrichten", "google actualites",
        "google notizie", "google 新闻", "google ニュース", "yahoo", "yahoo news", "yahoo finance",
        "yahoo sports", "yahoo entertainment", "yahoo lifestyle", "yahoo nachrichten", "yahoo actualites",
        "yahoo noticias", "yahooニュース", "msn", "msn news", "microsoft start", "flipboard", "apple news",
        "smartnews", "newsbreak", "news break", "feedburner", "bing news", "reddit", "hacker news",
        "toutiao", "dailyhunt", "ground news", "newsnow",
    }
)  # fmt: skip

# What feeds add to their publisher's name, in the languages of most feeds; compared in simple_name's form.
_SECTION_WORDS = _word_set(
    """
    a about africa all americas and archive arts articles asia atom australia blog blogs book books breaking
    business canada channel china climate comment comments crime culture daily economy edition editors
    education en english entertainment environment europe feed feeds film finance food for from full general
    global headlines health home homepage in india index international items latest life lifestyle live
    local magazine main markets media middle east money more most movies music national new news newest of
    on online opinion page pick picks podcast podcasts politics popular post posts press real estate recent
    region regional rss science section society sport sports stories story style tech technology text the to
    today top topics travel uk updates us usa video videos views weather website with world xml actualite
    actualites accueil toutes les infos une flux monde politique economie societe sante nachrichten aktuell
    aktuelle alle artikel startseite schlagzeilen politik wirtschaft welt kultur wissen noticias portada
    ultimas ultima hora titulares mundo economia deportes politica cultura inicio notizie ultime primo piano
    cronaca esteri nieuws laatste nyheter senaste siste nyheder wiadomości najnowsze haber haberler son
    dakika новости все последние лента главная последні новини 新闻 新聞 ニュース 速報 最新 rss2 rdf
    """
)

_TITLE_BREAK = re.compile(r"\s+[-–—|»›>·•:/]+\s+|\s*[|»›]\s*|:\s+")
_FEED_TAIL = re.compile(
    r"(?:\s*[-–—|:(\[]?\s*\b(?:rss(?:\s*2(?:\.0)?)?|atom|xml|feeds?|news\s?feed|channel|flux|fil)\b[)\]]?)+\s*$",
    re.IGNORECASE,
)
_FEED_HEAD = re.compile(
    r"^\s*(?:(?:rss|atom|xml)(?:\s+feed)?|feed|comments)\s*(?::|\bof\b|\bfor\b|\bon\b\s*:?|-)\s*",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"(?:https?://)?(?:www\d?\.)?((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?:[:/?#]\S*)?", re.IGNORECASE
)
_SPACES = re.compile(r"\s+")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_NOT_NAME = re.compile(r"[^\w+&]+")
_TAGS = re.compile(r"<[^<>]{0,200}>")


@dataclasses.dataclass(frozen=True, slots=True)
class Publisher:
    """One row of the table.

    domain: registrable domain, or the host where the publisher has only a part of one.
    name: the one name that tables show.
    country: ISO 3166-1 alpha-2; time_zone: IANA name, of the newsroom. None where a user's file leaves them out.
    aliases: other names, and other domains.
    """

    domain: str
    name: str
    country: str | None = None
    time_zone: str | None = None
    aliases: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Publishers:
    """The table, by domain (lower case) and by name (as `simple_name` gives it)."""

    by_domain: Mapping[str, Publisher]
    by_name: Mapping[str, Publisher]

    def of_domain(self, host: str | None) -> Publisher | None:
        """The publisher of a host or domain: that of the longest part of it that is in the table."""
        if not host:
            return None
        host = host.strip().strip(".").lower()[:253]
        while host:
            found = self.by_domain.get(host)
            if found is not None:
                return found
            _, _, host = host.partition(".")
        return None

    def of_name(self, name: str | None) -> Publisher | None:
        """The publisher of that name or alias, or whose domain is given in its place."""
        if not name:
            return None
        name = name[:MAX_NAME_LENGTH]
        found = self.by_name.get(simple_name(name))
        if found is None and "." in name and (host := host_in(name)) is not None:
            found = self.of_domain(host)
        return found


_NO_PUBLISHERS = Publishers(MappingProxyType({}), MappingProxyType({}))


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """Who published an article.

    name: None only where nothing names a source. domain: registrable; None where neither an
    address nor the table has it.
    warnings: `source_is_aggregator` (nothing names the publisher behind it), `source_from_byline`,
    `source_domain_differs` (the stated source is known, and the address is another known publisher's).
    """

    name: str | None
    domain: str | None
    warnings: tuple[str, ...] = ()


def resolve_source(
    stated: str | None,
    url_domain: str | None,
    feed_title: str | None,
    byline_org: str | None,
    publishers: Publishers | None = None,
) -> Source:
    """Names the publisher of an article, from what its record says.

    stated: what a source field says; it wins, as the table's name where the table has it, else as it is, cleaned.
    url_domain: host or registrable domain of the article's address; the table's name for it is next.
    feed_title: next, cleaned of what is no name ("RSS", "Top Stories"). byline_org: only where all these are missing,
    or where they are an aggregator's. Last comes the registrable domain itself.
    publishers: the table; the packaged one where it is None.

        >>> resolve_source(None, None, "cnn.com - Top Stories", None)
        Source(name='CNN', domain='cnn.com', warnings=())
    """
    # Few sources say the same of many articles.
    return _resolved(stated, url_domain, feed_title, byline_org, publishers or load_publishers())


@lru_cache(maxsize=4_096)
def _resolved(
    stated: str | None,
    url_domain: str | None,
    feed_title: str | None,
    byline_org: str | None,
    table: Publishers,
) -> Source:
    host = _host(url_domain)
    aggregated = is_aggregator(host)
    if aggregated:
        home = None
        domain = None
    else:
        home = table.of_domain(host)
        domain = None if host is None else registrable(host)

    name = clean_name(stated)
    if name is not None and is_aggregator(name):
        aggregated = True
        name = None
    if name is not None:
        known = table.of_name(name) or _known_part(name, table)
        if known is None:
            own_domain = _domain_named(name)
            return Source(own_domain or _plain(name), domain or own_domain)
        differs = (
            home is not None and home is not known and registrable(home.domain) != registrable(known.domain)
        )
        return Source(
            known.name,
            domain or registrable(known.domain),
            ("source_domain_differs",) if differs else (),
        )
    if home is not None:
        return Source(home.name, domain)

    titled = _from_title(feed_title, table)
    if isinstance(titled, Publisher) and domain is not None and registrable(titled.domain) != domain:
        # A site of its own whose title is also a publisher's name, as "Journal" is: it keeps its own spelling.
        titled = _from_title(feed_title, _NO_PUBLISHERS)
    if isinstance(titled, Publisher):
        return Source(titled.name, domain or registrable(titled.domain))
    org = clean_name(byline_org)
    if org is not None and not is_aggregator(org) and (aggregated or (titled is None and domain is None)):
        known = table.of_name(org)
        if known is not None:
            return Source(known.name, domain or registrable(known.domain), ("source_from_byline",))
        return Source(org, domain, ("source_from_byline",))
    if titled is not None and not is_aggregator(titled):
        return Source(titled, domain or _domain_named(titled))
    if aggregated:
        stated_name = clean_name(stated) or titled or (None if host is None else registrable(host))
        return Source(stated_name, None if host is None else registrable(host), ("source_is_aggregator",))
    if titled is not None:
        return Source(titled, domain, ("source_is_aggregator",))
    return Source(domain, domain)


def publisher_timezone(domain: str | None, publishers: Publishers | None = None) -> str | None:
    """The IANA time zone of a publisher's newsroom, by host or domain; None where the table doesn't have it.

    Good for times that a publisher states without a zone. It is where the newsroom is, not where the reporter was.
    """
    found = (publishers or load_publishers()).of_domain(domain)
    return None if found is None else found.time_zone


@cache
def load_publishers(extra_text: str | None = None) -> Publishers:
    """The packaged table, extended by the text of a user's file of the same form.

    A row of the user's replaces the packaged row of its domain, and its names win over the packaged names.
    Columns: domain, name, country, time zone, aliases joined by "|"; the last three may be missing. Lines that are
    blank or begin with "#" are passed over.

    Raises ValueError with the line's number where a row has no domain or no name, more than five columns, a country
    that isn't two letters, a zone that the tz database doesn't have, or the domain of a row before it.
    """
    packaged = (files("transforms.functions") / "data" / "publishers.tsv").read_text(encoding="utf-8")
    rows = {row.domain: row for row in _rows(packaged)}
    extra = [] if extra_text is None else _checked_rows(extra_text)
    rows.update((row.domain, row) for row in extra)

    by_domain: dict[str, Publisher] = {}
    by_name: dict[str, Publisher] = {}
    mine = {row.domain for row in extra}
    # The user's rows first; and all names before any alias: "The Herald" is who calls itself so.
    ordered = [*extra, *(row for row in rows.values() if row.domain not in mine)]
    for row in ordered:
        rows_own = rows[row.domain]
        by_domain.setdefault(row.domain, rows_own)
        by_name.setdefault(simple_name(row.name), rows_own)
    for row in ordered:
        for alias in row.aliases:
            host = host_in(alias)
            if host is not None:
                by_domain.setdefault(host, rows[row.domain])
            by_name.setdefault(simple_name(alias), rows[row.domain])
    return Publishers(MappingProxyType(by_domain), MappingProxyType(by_name))


def _checked_rows(text: str) -> list[Publisher]:
    """The rows of a user's file. Raises ValueError, with the line's number, for what the packaged one never has."""
    seen: dict[str, int] = {}
    for number, line in _lines(text):
        fields = [field.strip() for field in line.split("\t")]
        domain = fields[0].lower().removeprefix("www.")
        place = f"line {number}: "
        if len(fields) > 5:
            raise ValueError(f"{place}{len(fields)} columns, and there are five; aliases are joined by |")
        if len(fields) < 2 or not domain or not fields[1]:
            raise ValueError(f"{place}domain and name, set apart by a tab, must both be there")
        if host_in(domain) != domain:
            raise ValueError(f"{place}{domain!r} is no domain such as example.org")
        if len(fields) > 2 and fields[2] and not _COUNTRY.fullmatch(fields[2]):
            raise ValueError(f"{place}{fields[2]!r} is no country of two letters such as FR (ISO 3166-1)")
        if len(fields) > 3 and fields[3] and load_place(fields[3]) is None:
            raise ValueError(f"{place}{fields[3]!r} is no IANA time zone such as Europe/Paris")
        if domain in seen:
            raise ValueError(f"{place}{domain} is in line {seen[domain]} already")
        seen[domain] = number
    return _rows(text)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are rows, by their numbers."""
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line


def _rows(text: str) -> list[Publisher]:
    rows = []
    for _, line in _lines(text):
        domain, name, country, zone, aliases = ([field.strip() for field in line.split("\t")] + [""] * 5)[:5]
        rows.append(
            Publisher(
                domain.lower().removeprefix("www."),
                name,
                country.upper() or None,
                zone or None,
                tuple(alias.strip() for alias in aliases.split("|") if alias.strip()),
            )
        )
    return rows


def simple_name(name: str) -> str:
    """A name in the form in which its spellings are equal: no case, accents, punctuation, leading "the"."""
    name = name.replace("’", "'").replace("ß", "ss")
    if not name.isascii():
        decomposed = unicodedata.normalize("NFKD", name)
        # Marks are dropped from Latin, Greek and Cyrillic alone: elsewhere (Devanagari, Thai) they are letters.
        name = "".join(char for char in decomposed if not "\u0300" <= char <= "\u036f")
        name = unicodedata.normalize("NFKC", name)
        marks = {char for char in name if unicodedata.category(char)[0] == "M"}
        if marks:
            return _SPACES.sub(" ", name.casefold()).strip()
    name = _NOT_NAME.sub(" ", name.casefold().replace("'", "")).strip()
    return name.removeprefix("the ")


def host_in(text: str) -> str | None:
    """The host, lower case and without "www.", where the text is nothing but a host or a URL; else None."""
    found = _HOST.fullmatch(text.strip()[:MAX_NAME_LENGTH])
    return None if found is None else found.group(1).lower()


def is_aggregator(name_or_host: str | None) -> bool:
    """Whether this is the name or the host of a site that shows what others publish."""
    if not name_or_host:
        return False
    plain = name_or_host.lower()
    if "." in plain:
        host = host_in(plain)
        if host is not None and (host in _AGGREGATOR_DOMAINS or _is_under_aggregator(host)):
            return True
    return simple_name(name_or_host) in _AGGREGATOR_NAMES


def _is_under_aggregator(host: str) -> bool:
    # uk.news.yahoo.com, de.yahoo.com, rss.msn.com: country editions; but not sites.google.com, which hosts anyone.
    return host.endswith((".news.yahoo.com", ".yahoo.com", ".msn.com", ".news.google.com", ".feedburner.com"))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def registrable(host: str) -> str:
    """The registrable domain of a host by the public suffix list; the host itself where it has none."""
    return _suffixes().privatesuffix(host) or host


def _host(domain: str | None) -> str | None:
    if domain is None:
        return None
    host = domain.strip().strip(".").lower()[:253]
    return host_in(host) or host.removeprefix("www.") or None


def clean_name(name: str | None) -> str | None:
    """A stated name on one line, without markup, quotes or a label ("Source:"); None if nothing is left."""
    if name is None:
        return None
    name = name[:MAX_NAME_LENGTH]
    if "<" in name:
        name = _TAGS.sub(" ", name)
    name = "".join(char for char in name if char.isprintable() or char.isspace())
    name = _SPACES.sub(" ", name).strip(" \t\"'“”«»*,;|·•-–—")
    head, colon, rest = name.partition(":")
    if colon and head.strip().lower() in (
        "source",
        "quelle",
        "fuente",
        "fonte",
        "bron",
        "источник",
        "via",
        "源",
    ):
        name = rest.strip()
    return name or None


def _plain(name: str) -> str:
    """A stated name without the feed's additions to it, or as it is where there would be none left."""
    return _FEED_TAIL.sub("", name).strip(" -–—|:") or name


def _domain_named(name: str) -> str | None:
    """The registrable domain where the name itself is an address ("example.org")."""
    host = host_in(name)
    if host is None or _suffixes().publicsuffix(host, accept_unknown=False) is None:
        return None
    return registrable(host)


def _known_part(title: str, table: Publishers) -> Publisher | None:
    """The first part of a title that, with or without feed words, is a known publisher and no aggregator."""
    for part in _TITLE_BREAK.split(title):
        bare = _FEED_TAIL.sub("", part).strip()
        # "Le Monde.fr", as newspapers call their sites.
        head, _, ending = bare.rpartition(".")
        for candidate in (part, bare, head if ending.isalpha() and len(ending) <= 3 else ""):
            if candidate and not is_aggregator(candidate) and (found := table.of_name(candidate)) is not None:
                return found
    return None


def _from_title(title: str | None, table: Publishers) -> Publisher | str | None:
    """The publisher that a feed's title names, from the table if it can be, else the title, cleaned."""
    title = clean_name(title)
    if title is None:
        return None
    known = table.of_name(title) or _known_part(title, table)
    if known is not None:
        return known
    bare = _FEED_HEAD.sub("", title)
    parts = [part.strip() for part in _TITLE_BREAK.split(bare)]
    named = [part for part in parts if part and not _is_section(part)]
    aggregator = any(is_aggregator(part) for part in parts)
    if aggregator:
        # '"query" - Google News': the rest is what was searched for, not who published it.
        return next(part for part in parts if is_aggregator(part))
    if not named:
        return None
    # "(Jane|J.)'s blog" is one name.
    whole = named[0].count("(") != named[0].count(")")
    name = _FEED_TAIL.sub("", bare if whole else named[0]).strip(" -–—|:")
    known = table.of_name(name)
    return known or name or None


def _is_section(part: str) -> bool:
    words = simple_name(part).split()
    return not words or all(word in _SECTION_WORDS for word in words)
