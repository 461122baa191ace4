"""Which items hang together, found in parts: no place sees more than the edges of its own nodes.

Edges go to the places of both of their ends. Each place joins what it sees into parts, and tells every node of a part
its smallest one (`connect`): edges again, that hold the same nodes together in fewer steps. After some such rounds the
nodes of a story have one label. A long chain may take more rounds than there are: then some edge has two labels
(`labels_of`), and by that every label of the unfinished story is found out, since each has a neighbour within it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from schemas.settling import EdgeBatch
from transforms.functions.candidates import shard_of_node

#: How often nodes tell one another their smallest. That is enough for any chain of twenty, however many shards
#: there are, and for any story whose items are within so many steps of one another; others are settled in one place.
ROUNDS = 6


def edges_of(batches: Iterable[EdgeBatch]) -> Iterator[tuple[bytes, bytes]]:
    """The edges of batches."""
    for batch in batches:
        yield from zip(batch.nodes[::2], batch.nodes[1::2], strict=True)


def edges_by_shard(edges: Iterable[tuple[bytes, bytes]], shards: int) -> Iterator[tuple[int, EdgeBatch]]:
    """Edges at the shards of their ends, each once."""
    found: dict[int, dict[tuple[bytes, bytes], None]] = defaultdict(dict)
    for one, other in edges:
        if one != other:
            for shard in {shard_of_node(one, shards), shard_of_node(other, shards)}:
                found[shard][one, other] = None
    for shard, held in found.items():
        yield shard, EdgeBatch(tuple(node for edge in held for node in edge))


def smallest_of_parts(edges: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """For each node the smallest that it hangs together with."""
    parent: dict[bytes, bytes] = {}

    def root(node: bytes) -> bytes:
        while (above := parent.setdefault(node, node)) != node:
            parent[node] = parent[above]
            node = above
        return node

    for one, other in edges:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return {node: root(node) for node in parent}


def connect(edges: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Edges that hold the same nodes together, each with the smallest node of its part."""
    return ((node, label) for node, label in smallest_of_parts(edges).items() if node != label)


def labels_of(
    edges: Iterable[tuple[bytes, bytes]], shard: int, shards: int
) -> Iterator[tuple[int, bytes, bytes]]:
    """What the nodes of a shard take for their labels, told to themselves and to their neighbours.

    edges: all that those nodes have. Gives the shard that is told, a node of it, and a label.
    """
    held = list(edges)
    labels = smallest_of_parts(held)
    at = {node: shard_of_node(node, shards) for node in labels}
    told = {(node, label) for node, label in labels.items() if at[node] == shard}
    for edge in held:
        for one, other in (edge, edge[::-1]):
            if at[one] == shard:
                told.add((other, labels[one]))
    for node, label in sorted(told):
        yield at[node], node, label
