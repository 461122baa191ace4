"""Documents of CoNLL-2003: tokens with names, read as the text that they were.

The format is that of the shared task (Tjong Kim Sang and De Meulder, 2003): a token a line with its tags, the name's
last; a blank line between sentences; `-DOCSTART-` before each document. Names are in IOB1: a `B-` stands only where a
name follows another of its kind at once. IOB2 reads the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

#: A sentence of so many tokens or more can be prose.
_MIN_PROSE_TOKENS = 6

_NO_BLANK_BEFORE = frozenset(
    [".", ",", ";", ":", "?", "!", "%", ")", "]", "'s", "'", "n't", "'re", "'ve", "'ll", "'d", "'m"]
)
_NO_BLANK_AFTER = frozenset(["(", "[", "$", "#"])


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """A name at its place in a text: code points, end exclusive. label: PER, ORG, LOC or MISC."""

    start: int
    end: int
    label: str


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """text: its sentences, a line each. names: in order. prose: where its sentences of prose begin and end."""

    text: str
    names: tuple[Name, ...]
    prose: tuple[tuple[int, int], ...]


def read_documents(lines: Iterable[str]) -> Iterator[Document]:
    """The documents of a file, in order."""
    sentences: list[list[tuple[str, str]]] = []
    tokens: list[tuple[str, str]] = []
    for line in lines:
        fields = line.split()
        if fields and fields[0] != "-DOCSTART-":
            tokens.append((fields[0], fields[-1]))
            continue
        if tokens:
            sentences.append(tokens)
            tokens = []
        if fields and sentences:
            yield _document(sentences)
            sentences = []
    if tokens:
        sentences.append(tokens)
    if sentences:
        yield _document(sentences)


def is_prose(tokens: list[str]) -> bool:
    """Whether a sentence is running text: it ends as one, and half of its words or more are in lower case.

    The others are headlines, datelines, bylines, tables of results and of prices.
    """
    ending = next((token for token in reversed(tokens) if token not in ('"', "''", "'", ")")), "")
    words = [token for token in tokens if token[0].isalpha()]
    lower = sum(word.islower() for word in words)
    return len(tokens) >= _MIN_PROSE_TOKENS and ending in (".", "?", "!") and 2 * lower >= len(words)


def _document(sentences: list[list[tuple[str, str]]]) -> Document:
    text = ""
    names: list[Name] = []
    prose: list[tuple[int, int]] = []
    for tokens in sentences:
        first = len(text)
        before, quoted, previous = "", False, "O"
        for token, tag in tokens:
            quote = token == '"'
            joined = (
                before == ""
                or token in _NO_BLANK_BEFORE
                or before in _NO_BLANK_AFTER
                or (quote and quoted)
                or (before == '"' and quoted)
            )
            text += token if joined else f" {token}"
            start = len(text) - len(token)
            if tag != "O":
                label = tag[2:]
                if previous[2:] == label and not tag.startswith("B-"):
                    names[-1] = dataclasses.replace(names[-1], end=len(text))
                else:
                    names.append(Name(start, len(text), label))
            quoted ^= quote
            before, previous = token, tag
        if is_prose([token for token, _ in tokens]):
            prose.append((first, len(text)))
        text += "\n"
    return Document(text, tuple(names), tuple(prose))
