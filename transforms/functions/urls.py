"""Addresses: made canonical, cleaned for showing, resolved, and told which domain they belong to.

Parsing is the WHATWG URL Standard's, by ada. Whatever an address holds, nothing here raises, and all of it
takes time in proportion to its length.
"""

from __future__ import annotations

import base64
import binascii
import functools
import importlib.resources
import re
import urllib.parse

import ada_url
from publicsuffixlist import PublicSuffixList

# Query and fragment parameters whose value opens something; never shown in logs or tables.
_SECRET_NAMES = frozenset(
    {
        "access_token", "api-key", "api_key", "apikey", "auth", "auth_token", "authorization", "authtoken",
        "client_secret", "passwd", "password", "private_token", "pwd", "secret", "sig", "signature", "token",
        "x-amz-credential", "x-amz-security-token", "x-amz-signature",
    }
)  # fmt: skip
_REDACTED = "***"

# Servers' and mail tools' redirectors: (host, start of the path, the parameter that holds the target). A
# host that begins with a dot stands for all beneath it, "google" for Google's search under every country.
_REDIRECTORS = (
    ("google", "/url", ("url", "q")),
    ("google", "/news/url", ("url",)),
    ("news.google.com", "/news/url", ("url",)),
    ("news.url.google.com", "/", ("url", "q")),
    ("l.facebook.com", "/l.php", ("u",)),
    ("lm.facebook.com", "/l.php", ("u",)),
    ("www.facebook.com", "/l.php", ("u",)),
    ("l.instagram.com", "/", ("u",)),
    ("l.messenger.com", "/l.php", ("u",)),
    ("www.bing.com", "/news/apiclick.aspx", ("url",)),
    ("out.reddit.com", "/", ("url",)),
    ("duckduckgo.com", "/l/", ("uddg",)),
    ("www.youtube.com", "/redirect", ("q",)),
    ("t.umblr.com", "/redirect", ("z",)),
    ("vk.com", "/away.php", ("to",)),
    ("go.redirectingat.com", "/", ("url",)),
    ("www.linkedin.com", "/redir/redirect", ("url",)),
    (".safelinks.protection.outlook.com", "/", ("url",)),
)
# A redirector that leads to a redirector: more than this is no link that anyone published.
_MAX_REDIRECTS = 8

_GOOGLE = re.compile(r"(?:www\.)?google\.(?:com|[a-z]{2}|com?\.[a-z]{2})")
# Google News writes the target into its own address as base64 of a small protobuf message; since 2024
# mostly as a key that only its server can turn into an address, which then stays as it is.
_GOOGLE_NEWS_ARTICLE = re.compile(r"/(?:rss/|__i/rss/rd/)?articles/(CBMi[A-Za-z0-9_\-]+)")
_AMP_CACHE_PATH = re.compile(r"/(?:c|v|wp/s|wp|a)/(s/)?")

_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sessionid)=[^/;]*", re.IGNORECASE)
_ASP_SESSION = re.compile(r"/\(S\([A-Za-z0-9]{24}\)\)(?=/)")

_ALTERNATE_LABELS = frozenset({"amp", "m", "mobile"})
_MOBILE_WIKIS = re.compile(
    r"([a-z\-]+)\.m\.((?:wikipedia|wikinews|wikisource|wikiquote|wiktionary|wikibooks|wikivoyage|wikimedia)\.org)"
)
_SLUG = re.compile(r"[0-9\-_]|\.[a-z]{3,5}$")
_AMP_VALUES = frozenset({"", "1", "amp", "on", "true", "y", "yes"})
_AMP_OUTPUTS = frozenset({"output", "outputtype", "view", "mode", "service"})
_SCRIPT = re.compile(r"\.(?:php\d?|aspx?|cgi|jsp|cfm|pl|do|dll)$", re.IGNORECASE)

# WHATWG's C0 controls and space, which it strips at both ends; tabs and newlines it drops anywhere.
_STRIPPED = "".join(map(chr, range(0x21)))
_DROPPED = str.maketrans("", "", "\t\n\r")
_SURROGATES = re.compile("[\ud800-\udfff]")

_USERINFO = re.compile(
    r"((?:(?:https?|ftp|wss?):[/\\]*)|(?:[a-z][a-z0-9+.\-]*:)?//)([^/?#\\]*)@", re.IGNORECASE
)
_SECRET_PARAMETER = re.compile(r"([?&#;])([A-Za-z_\-]{3,24})=([^&#;]*)")

_MAX_HOST_CHARS = 253


def canonical_url(url: str) -> str | None:
    """The one form of an address that all its variants share; None where it is no http(s) address.

    It is a key, and mostly, not always, an address that can be opened: `clean_url` gives what was published.

    - http is written https, and default ports, credentials and a host's closing dot go; hosts are lower
    case, in
      punycode, and keep their "www.".
    - Dot segments are resolved; escapes are upper case, and undone where RFC 3986 section 6.2.2.2 calls
    them needless.
      Case, doubled and closing slashes of the path stay: on some servers they tell pages apart.
    - The fragment goes, except "#!", by which old single-page sites name the article.
    - Tracking and session parameters go (data/tracking_parameters.txt), the others stay in their order.
    `ref` goes
      where its value is a word; a number may be what is read. So does "amp" where it is a switch.
    - AMP and mobile variants become the address they vary: the caches' forms, "amp.", "m." and "mobile."
    hosts (where
      that leaves a bare registrable domain, "www." takes their place), a closing "/amp" after a slug, ".amp".
    - Redirectors that hold the target in the address (Google, Facebook, Bing News ...) become the target.

    Idempotent.

        >>> canonical_url("HTTP://Example.com:80/a/../b?utm_source=rss&id=7#top")
        'https://example.com/b?id=7'
    """
    first = address = _normalised(url)
    for _ in range(_MAX_REDIRECTS):
        # Told by the normal form, so that an escape or a closing dot hides no redirector.
        parts = None if address is None else _parse(address)
        inner = None if parts is None else _redirect_target(parts)
        target = None if inner is None else _normalised(inner)
        if target is None:
            return address
        address = target
    return first


def address_in_guid(guid: str | None) -> str | None:
    """The canonical address that a guid is, or None where it is none. RSS permalinks and most Atom ids are."""
    if guid is None or not guid.lower().startswith(("http://", "https://")):
        return None
    return canonical_url(guid)


def clean_url(url: str) -> str | None:
    """The address as published, without blanks around it and credentials; None where it is no http(s)
    address.

    Tabs and newlines within go, as the URL Standard has it; all else stays as the publisher wrote it.
    """
    stripped = _readable(url).strip(_STRIPPED).translate(_DROPPED)
    if _parse(stripped) is None:
        return None
    match = _USERINFO.match(stripped)
    return stripped if match is None else match.group(1) + stripped[match.end() :]


def absolute_url(url: str, base: str | None) -> str | None:
    """A link resolved against the address it was found at; None where that gives no http(s) address.

    base: None where there is none: then only a link that is absolute already can be resolved.
    """
    try:
        resolved = (
            ada_url.URL(_readable(url)).href
            if base is None
            else ada_url.URL(_readable(url), _readable(base)).href
        )
    except ValueError:
        return None
    return resolved if isinstance(resolved, str) and resolved.startswith(("http://", "https://")) else None


def with_credentials_of(given: str, url: str) -> str:
    """An address with the user and password of another one, where both are of one host and none is lost in clear
    text: of one scheme, or https where http was; else as it is.

    >>> with_credentials_of("https://me:secret@example.com/feed", "https://example.com/rss")
    'https://me:secret@example.com/rss'
    """
    source, target = _parse(given), _parse(url)
    if source is None or target is None or source.host != target.host:
        return url
    if source.protocol != target.protocol and (source.protocol != "http:" or source.port):
        return url
    target.username, target.password = source.username, source.password
    return str(target.href)


def redact_credentials(url: str) -> str:
    """An address with user, password and the values of parameters that open something ("token=") written
    "***".

    Any string may come, a path or what is no address too; without a secret in it, it is returned as it is.

        >>> redact_credentials("https://me:secret@example.com/feed?token=abc")
        'https://***@example.com/feed?token=***'
    """
    # The parser drops tabs and newlines anywhere, so that they could hide an "@" from the expressions.
    bare = url.strip(_STRIPPED).translate(_DROPPED)
    match = _USERINFO.match(bare)
    redacted = bare if match is None else f"{match.group(1)}{_REDACTED}@{bare[match.end() :]}"
    redacted = _SECRET_PARAMETER.sub(_redact_parameter, redacted)
    return url if redacted == bare else redacted


def registrable_domain(url_or_host: str) -> str | None:
    """The domain that was registered, by the packaged Public Suffix List: "www.bbc.co.uk" -> "bbc.co.uk".

    url_or_host: an http(s) address or a bare host. Hosts under a private suffix are one each
    ("a.blogspot.com"). Lower case, in punycode. None for IP addresses, single labels and public suffixes,
    and where there is no host.
    """
    host: str | None
    if "/" in url_or_host or ":" in url_or_host:
        parts = _parse(url_or_host)
        host = None if parts is None else parts.hostname
    elif len(url_or_host) > 4 * _MAX_HOST_CHARS:
        return None
    else:
        parts = _parse(f"https://{url_or_host.strip()}/")
        host = None if parts is None else parts.hostname
    return None if host is None else _registrable_host(host.rstrip("."))


@functools.lru_cache(maxsize=4096)
def _registrable_host(host: str) -> str | None:
    if not host or len(host) > _MAX_HOST_CHARS or host.startswith("[") or host.rpartition(".")[2].isdigit():
        return None
    domain = _suffixes().privatesuffix(host)
    return domain if isinstance(domain, str) else None


@functools.cache
def _suffixes() -> PublicSuffixList:
    """The Public Suffix List as packaged; built on first use, as that takes some 75 ms."""
    return PublicSuffixList()


@functools.cache
def _tracking_parameters() -> tuple[frozenset[str], tuple[str, ...], dict[str, frozenset[str]]]:
    """The packaged list: whole names, beginnings, and names by the domain that they are limited to."""
    names: set[str] = set()
    prefixes: list[str] = []
    by_domain: dict[str, set[str]] = {}
    listed = importlib.resources.files("transforms.functions").joinpath("data/tracking_parameters.txt")
    for line in listed.read_text(encoding="utf-8").lower().splitlines():
        entry = line.partition("#")[0].split()
        if not entry:
            continue
        name = entry[0]
        if len(entry) > 1:
            by_domain.setdefault(entry[1].removeprefix("@"), set()).add(name)
        elif name.endswith("*"):
            prefixes.append(name.removesuffix("*"))
        else:
            names.add(name)
    return frozenset(names), tuple(prefixes), {domain: frozenset(of) for domain, of in by_domain.items()}


def _readable(url: str) -> str:
    """The string with lone surrogates replaced as the URL Standard does, since UTF-8 has none."""
    return url if url.isascii() else _SURROGATES.sub("\ufffd", url)


def _parse(url: str) -> ada_url.URL | None:
    """The parsed address; None where it is no http(s) address with a host."""
    try:
        parts = ada_url.URL(_readable(url))
    except ValueError:
        return None
    return parts if parts.protocol in ("http:", "https:") and parts.hostname else None


def _normalised(url: str) -> str | None:
    """The canonical form without following redirectors."""
    parts = _parse(url)
    return None if parts is None else _assemble(parts)


def _assemble(parts: ada_url.URL) -> str | None:
    scheme, port = parts.protocol, parts.port
    host = parts.hostname
    if host.endswith("."):
        # "0.." without its dots is an IP address, and "..." nothing: the parser decides again.
        dotless = _parse(f"https://{host.rstrip('.')}/")
        if dotless is None:
            return None
        host = dotless.hostname
    host = _canonical_host(host)
    if port and not (scheme == "http:" and port == "443"):
        host = f"{host}:{port}"
    path = _canonical_path(_normal_escapes(parts.pathname), host)
    query = _canonical_query(_normal_escapes(parts.search[1:]), host, path)
    fragment = parts.hash
    address = f"https://{host}{path}"
    if query:
        address += f"?{query}"
    # The bare "#!" names nothing.
    if fragment.startswith("#!") and len(fragment) > 2:
        address += _normal_escapes(fragment)
    return address


def _normal_escapes(text: str) -> str:
    """RFC 3986 section 6.2.2: hex digits upper case, no escapes of unreserved characters.

    A percent sign that begins no escape is written "%25", so that what follows it can't become one.
    """

    def normal(match: re.Match[str]) -> str:
        digits = match.group(1)
        if digits is None:
            return "%25"
        char = chr(int(digits, 16))
        return char if char in _UNRESERVED else f"%{digits.upper()}"

    return _PERCENT.sub(normal, text) if "%" in text else text


def _canonical_host(host: str) -> str:
    """The host of which a host without closing dots is the AMP or mobile variant, else the host itself."""
    wiki = _MOBILE_WIKIS.fullmatch(host)
    if wiki is not None:
        return f"{wiki.group(1)}.{wiki.group(2)}"
    if len(host) > _MAX_HOST_CHARS:
        return host
    labels = host.split(".")
    if labels[0] not in _ALTERNATE_LABELS:
        return host
    first = 0
    while first < len(labels) and labels[first] in _ALTERNATE_LABELS:
        first += 1
    # amp.dev and m.blogspot.com are no variants of dev and blogspot.com: a registrable domain must remain.
    while first > 0:
        rest = ".".join(labels[first:])
        domain = _registrable_host(rest)
        if domain is not None:
            # Nearly all publishers with an m. or amp. host serve the full site at www.
            return f"www.{rest}" if rest == domain and domain != "twitter.com" else rest
        first -= 1
    return host


def _canonical_path(path: str, host: str) -> str:
    bare = _PATH_SESSION.sub("", path) if ";" in path else path
    bare = _ASP_SESSION.sub("", bare) if "(" in bare else bare
    if bare != path:
        # "/..;jsessionid=1/" was no dot segment before.
        path = str(ada_url.URL(f"https://a{bare}").pathname)
    # Below /amp/ Google keeps other sites' pages, for `_redirect_target` to find.
    if "amp" not in path or _GOOGLE.fullmatch(host):
        return path
    segments = path.split("/")
    is_closed = segments[-1] == "" and len(segments) > 3
    before, last = segments[-3:-1] if is_closed else segments[-2:]
    # "/reviews/guitar/amp" is a page of its own; "/2022/03/30/a-headline/amp" is a variant. The slash after
    # "amp" is kept: "/a-headline/amp/" varies "/a-headline/" on most servers.
    if len(segments) > 2 and last == "amp" and _SLUG.search(before):
        segments = [*segments[:-2], ""] if is_closed else segments[:-1]
    segments[-1] = _without_amp_ending(segments[-1])
    # "/amp/world/a-headline-123"
    first = 1
    while (
        len(segments) - first > 2 and segments[first] == "amp" and _SLUG.search(segments[-1] or segments[-2])
    ):
        first += 1
    return "/".join(["", *segments[first:]])


def _without_amp_ending(name: str) -> str:
    """The last part of a path without ".amp" ("a-headline.amp.html"); names that are no slug stay."""
    suffix = ".html" if name.endswith(".amp.html") else ""
    end = len(name) - len(suffix)
    while name.endswith(".amp", 0, end):
        end -= len(".amp")
    return name[:end] + suffix if _SLUG.search(name[:end]) else name


def _canonical_query(query: str, host: str, path: str) -> str:
    if not query:
        return ""
    names, prefixes, by_domain = _tracking_parameters()
    local: set[str] = set()
    labels = host.partition(":")[0].split(".")
    for i in range(max(0, len(labels) - 4), len(labels)):
        local |= by_domain.get(".".join(labels[i:]), frozenset())
    kept = []
    for parameter in query.split("&"):
        raw_name, _, value = parameter.partition("=")
        name = raw_name[:80].lower()
        if "%" in name:
            name = urllib.parse.unquote(name).lower()
        if not parameter or name in names or name in local or name.startswith(prefixes):
            continue
        if name == "amp" and value.lower() in _AMP_VALUES:
            continue
        if name in _AMP_OUTPUTS and value.lower() == "amp":
            continue
        if name == "ref" and _is_referrer(value, path):
            continue
        kept.append(parameter)
    return "&".join(kept)


def _is_referrer(value: str, path: str) -> bool:
    """Whether "ref=" says where a reader came from: a word, on a page that has an address without it."""
    return path != "/" and not any(char.isdigit() for char in value) and not _SCRIPT.search(path)


def _redirect_target(parts: ada_url.URL) -> str | None:
    """The address that a redirector, AMP viewer or AMP cache holds; None where it is none of them."""
    host, path = parts.hostname, parts.pathname
    is_google = _GOOGLE.fullmatch(host) is not None
    if is_google and path.startswith("/amp/"):
        return _amp_target(path[len("/amp/") :], parts.search)
    if host.endswith((".cdn.ampproject.org", ".bing-amp.com")):
        match = _AMP_CACHE_PATH.match(path)
        # The bare form "/s/host/path" is rare, but documented by the AMP cache guidelines.
        return (
            None if match is None else _amp_target((match.group(1) or "") + path[match.end() :], parts.search)
        )
    if host == "news.google.com":
        article = _GOOGLE_NEWS_ARTICLE.match(path)
        if article is not None:
            return _google_news_target(article.group(1))
    if not parts.search:
        return None
    for name, start, parameters in _REDIRECTORS:
        is_host = host == name or (name == "google" and is_google) or (name[0] == "." and host.endswith(name))
        if is_host and path.startswith(start):
            return _parameter_target(parts.search[1:], parameters)
    return None


def _amp_target(rest: str, search: str) -> str | None:
    """The target of "s/host/path" (https) or "host/path" (http)."""
    rest = rest.removeprefix("s/")
    # A host has a dot; other paths of the viewer don't begin with one.
    return f"https://{rest}{search}" if "." in rest.partition("/")[0] else None


def _parameter_target(query: str, names: tuple[str, ...]) -> str | None:
    for parameter in query.split("&"):
        name, _, value = parameter.partition("=")
        if name in names:
            target = urllib.parse.unquote(value.replace("+", " "))
            if target.lower().startswith(("http://", "https://")):
                return target
    return None


def _google_news_target(encoded: str) -> str | None:
    """The address in the first field of Google News' protobuf message; None where it holds a key instead."""
    try:
        message = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (ValueError, binascii.Error):
        return None
    # 08 13: a kind; 22: a string, its length as a varint of one or two bytes.
    if not message.startswith(b"\x08\x13\x22") or len(message) < 6:
        return None
    length, start = message[3], 4
    if length & 0x80:
        length, start = (length & 0x7F) | (message[4] << 7), 5
    target = message[start : start + length]
    if len(target) < length or not target.startswith((b"http://", b"https://")):
        return None
    return target.decode("ascii") if target.isascii() else None


def _redact_parameter(match: re.Match[str]) -> str:
    before, name, value = match.groups()
    return f"{before}{name}={_REDACTED if value and name.lower() in _SECRET_NAMES else value}"
