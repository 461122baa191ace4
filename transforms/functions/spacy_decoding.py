"""The greedy decoding of spaCy's entity recognizer, for a whole batch of texts at once.

spaCy goes through a text token by token, with a tiny matrix product at each: with a small English model that is three
fifths of the time, and it finds the entities that this finds. Of its past the recognizer knows two tokens: the one that
the open entity began with, and the one before. So

- outside of entities a token's move depends on that token alone, and one product has the moves of all of them;
- what becomes of an entity depends on its first token alone. All that might begin are followed side by side, in as many
  steps as the longest has tokens, but for the rare one that is very long;
- then a text is gone through once, from each entity to the first one behind it.

The moves are those of BILUO (Ratinov and Roth 2009, "Design Challenges and Misconceptions in Named Entity
Recognition"): a token begins an entity, is in it, is its last or its only one, or is outside. What spaCy doesn't allow:
no entity begins on white space, and a text's last token neither begins one nor goes on. Its rules for entities and
sentences that are set beforehand are left out: what comes from a tokenizer has none.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from transforms.functions.entities import Mention

_Floats = npt.NDArray[np.float32]
_Ints = npt.NDArray[np.int64]
_Mask = npt.NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, slots=True)
class _Moves:
    """The moves that need telling apart outside of an entity, in the model's own order, which settles ties.

    weights, bias: of each, a column. labels: "" for being outside. names, begins: which are of an entity, and which
    leave it open. on, last: for the latter, the rows of the two moves that are open then: to be in the entity, or its
    last token.
    """

    weights: _Floats
    bias: _Floats
    labels: tuple[str, ...]
    names: _Mask
    begins: _Mask
    on: _Ints
    last: _Ints

    @classmethod
    def of(cls, moves: Sequence[str], weights: _Floats, bias: _Floats) -> _Moves:
        """moves: all of them, as spaCy calls them: "B-ORG", "I-ORG", "L-ORG", "U-ORG", "O"."""
        row_of = {move: row for row, move in enumerate(moves)}
        # "U-" is for tokens that were barred from entities beforehand.
        outside = [move for move in moves if move == "O" or (move[:2] in ("B-", "U-") and move[2:])]
        rows = [row_of[move] for move in outside]
        return cls(
            np.ascontiguousarray(weights[rows].T),
            bias[rows],
            tuple(move[2:] for move in outside),
            np.array([move != "O" for move in outside]),
            np.array([move.startswith("B-") for move in outside]),
            np.array([row_of.get(f"I-{move[2:]}", 0) for move in outside]),
            np.array([row_of.get(f"L-{move[2:]}", 0) for move in outside]),
        )


class _Tokens(NamedTuple):
    """The tokens of all texts, a row for each. seen: what the hidden layer makes of it as the next one."""

    vectors: _Floats
    seen: _Floats
    is_final: _Mask


# Steps in which all entities are followed side by side. Hardly any has as many tokens; more of them would cost a text
# in which every token begins another one the square of its length.
_SIDE_BY_SIDE = 32
_OPEN = -1


class GreedyDecoder:
    """Finds what a spaCy pipeline's recognizer would find, up to rounding: products are made of other heaps of tokens.

    Get one by `decoder_of`. Keeps no state between calls.
    """

    def __init__(self, recognizer: Any) -> None:
        model = recognizer.model
        lower, upper = model.get_ref("lower"), model.get_ref("upper")
        self._pieces = lower.get_dim("nP")
        # The layer reads a token as one of three: the next one, the entity's first, the one before.
        self._next, self._first, self._before = (
            np.ascontiguousarray(self._piece_by_piece(one).T) for one in lower.get_param("W")
        )
        _, self._no_first, self._no_before = map(self._piece_by_piece, lower.get_param("pad")[0])
        self._bias = self._piece_by_piece(lower.get_param("b"))
        self._vectors_of = model.get_ref("tok2vec").predict
        self._weights, self._move_bias = upper.get_param("W"), upper.get_param("b")
        moves = recognizer.moves
        names = [moves.get_class_name(number) for number in range(moves.n_moves)]
        self._moves = _Moves.of(names, self._weights, self._move_bias)

    def mentions(self, docs: Sequence[Any]) -> list[list[Mention]]:
        """The entities in each of some texts, in order of place, with code points of the text.

        docs: spaCy's, fresh from its tokenizer.
        """
        found: list[list[Mention]] = [[] for _ in docs]
        places = [place for place, doc in enumerate(docs) if len(doc)]
        if not places:
            return found
        read = [docs[place] for place in places]
        ends = np.cumsum([len(doc) for doc in read])
        begins = ends - [len(doc) for doc in read]
        for first, last, label in self._spans(read, ends):
            text = int(np.searchsorted(ends, first, side="right"))
            doc, begin = read[text], int(begins[text])
            end = doc[last - begin]
            found[places[text]].append(Mention(doc[first - begin].idx, end.idx + len(end), label))
        return found

    def _spans(self, docs: Sequence[Any], ends: _Ints) -> Iterator[tuple[int, int, str]]:
        """The first and last tokens of all entities, and their labels; tokens are counted through all texts."""
        vectors = self._vectors_of(docs)
        is_final = np.zeros(len(vectors), dtype=bool)
        is_final[ends - 1] = True
        tokens = _Tokens(vectors, vectors @ self._next, is_final)
        moves = self._moves_outside(tokens, _is_space(docs))
        firsts = np.flatnonzero(self._moves.names[moves])
        moves = moves[firsts]
        lasts = self._followed(tokens, firsts, moves, _SIDE_BY_SIDE)
        behind = 0
        for place, (first, last) in enumerate(zip(firsts.tolist(), lasts.tolist(), strict=True)):
            # Others begin within an entity: what they would be, had it not begun.
            if first < behind:
                continue
            if last == _OPEN:
                last = int(self._followed(tokens, firsts[[place]], moves[[place]], len(vectors))[0])
            behind = last + 1
            yield first, last, self._moves.labels[moves[place]]

    def _followed(self, tokens: _Tokens, firsts: _Ints, moves: _Ints, steps: int) -> _Ints:
        """The last tokens of entities that begin with these moves; `_OPEN` for what so many steps don't get to."""
        lasts: _Ints = firsts.copy()
        # Those that are open yet, by their places.
        still = np.flatnonzero(self._moves.begins[moves])
        lasts[still] = _OPEN
        seen_firsts = tokens.vectors[firsts[still]] @ self._first
        on, last = self._moves.on[moves[still]], self._moves.last[moves[still]]
        at = firsts[still] + 1
        for _ in range(steps):
            if not len(still):
                break
            before = tokens.vectors[at - 1] @ self._before
            hidden = self._maxed(tokens.seen[at] + seen_firsts + before)
            score_on, score_last = self._score(hidden, on), self._score(hidden, last)
            # Of equals spaCy takes the first.
            goes_on = (score_on > score_last) | ((score_on == score_last) & (on < last))
            goes_on &= ~tokens.is_final[at]
            lasts[still[~goes_on]] = at[~goes_on]
            still, seen_firsts, on, last = still[goes_on], seen_firsts[goes_on], on[goes_on], last[goes_on]
            at = at[goes_on] + 1
        return lasts

    def _moves_outside(self, tokens: _Tokens, is_space: _Mask) -> _Ints:
        hidden = self._maxed(tokens.seen + self._no_first + self._no_before)
        scores = hidden @ self._moves.weights + self._moves.bias
        scores[np.ix_(is_space, self._moves.names)] = -np.inf
        scores[np.ix_(tokens.is_final, self._moves.begins)] = -np.inf
        moves: _Ints = scores.argmax(axis=1)
        return moves

    def _piece_by_piece(self, values: _Floats) -> _Floats:
        """Hidden units x pieces as one axis, the first pieces of all units in front: they are compared as blocks."""
        blocks: _Floats = values.swapaxes(0, 1).reshape(-1, *values.shape[2:])
        return blocks

    def _maxed(self, sums: _Floats) -> _Floats:
        sums += self._bias
        hidden: _Floats = functools.reduce(np.maximum, np.split(sums, self._pieces, axis=1))
        return hidden

    def _score(self, hidden: _Floats, moves: _Ints) -> _Floats:
        score: _Floats = np.einsum("ij,ij->i", hidden, self._weights[moves]) + self._move_bias[moves]
        return score


def _is_space(docs: Sequence[Any]) -> _Mask:
    from spacy.attrs import IS_SPACE

    flags: _Mask = np.concatenate([doc.to_array([IS_SPACE]).reshape(-1) for doc in docs]) != 0
    return flags


def decoder_of(nlp: Any) -> GreedyDecoder | None:
    """The decoder of a pipeline's recognizer; None where that isn't all of the pipeline, or isn't of the kind known.

    Known are those of spaCy's own models: greedy, with three features and a hidden layer that takes the greater of
    pieces.
    """
    if nlp.pipe_names != ["ner"]:
        return None
    recognizer = nlp.get_pipe("ner")
    model = recognizer.model
    if model.name != "parser_model" or not model.attrs["has_upper"] or model.attrs["unseen_classes"]:
        return None
    lower = model.get_ref("lower")
    is_known = (
        recognizer.cfg.get("beam_width", 1) == 1
        and lower.get_dim("nF") == _FEATURES
        and lower.get_dim("nP") > 1
        and isinstance(lower.get_param("W"), np.ndarray)
    )
    return GreedyDecoder(recognizer) if is_known else None


_FEATURES = 3
