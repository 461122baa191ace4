"""Which articles are one story: groups of verified near-duplicates, and the name that each group goes by.

Groups are a function of the articles, their near-duplicates and their ranks, and of nothing else: not of the order in
which they came, nor of the runs in which they did. What changes when a new article joins two stories or goes before
all others is said as a regrouping (`stories.Regrouping`), for rows are never changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import TypeVar

_Id = TypeVar("_Id", bound=Hashable)


def group(
    ranks: Mapping[_Id, tuple[object, ...]],
    neighbours: Mapping[_Id, Collection[_Id]],
    related: Callable[[_Id, _Id], bool],
) -> dict[_Id, _Id]:
    """Which article stands for each article's group; one alone stands for itself.

    ranks: what orders the articles, smallest first; no two alike. neighbours: near-duplicates, verified, in both
    directions. related: `near_duplicates.is_related` of two articles, by id.

    A group is a star: the article that ranks first, its near-duplicates, and those of theirs that are related to the
    first one as well. So no chain of likenesses leads away from it by more than two steps, and never to a text that
    has nothing of it.
    """
    leaders: dict[_Id, _Id] = {}
    for leader in sorted(ranks, key=ranks.__getitem__):
        if leader in leaders:
            continue
        leaders[leader] = leader
        copies = [id_ for id_ in neighbours.get(leader, ()) if id_ not in leaders]
        leaders.update(dict.fromkeys(copies, leader))
        for copy in copies:
            for id_ in neighbours[copy]:
                if id_ not in leaders and related(leader, id_):
                    leaders[id_] = leader
    return leaders


def name_groups(
    leaders: Mapping[_Id, _Id], ranks: Mapping[_Id, tuple[object, ...]], current: Mapping[_Id, _Id]
) -> dict[_Id, _Id]:
    """The name of each group, by its leader: the id of one of its members, so that no two groups share one.

    leaders: as `group` gives them. current: the name of the group that an article is in so far; new ones are in none.

    A group keeps the name that most of its members go by, so that few of them change it; a new one is named for its
    leader.
    """
    members: dict[_Id, list[_Id]] = defaultdict(list)
    for id_ in sorted(leaders, key=ranks.__getitem__):
        members[leaders[id_]].append(id_)
    names = {}
    for leader, ids in members.items():
        own = set(ids)
        # Of names that are as common the one of the member that ranks first: Counter keeps the order of first sight.
        held = Counter(current[id_] for id_ in ids if current.get(id_) in own)
        names[leader] = held.most_common(1)[0][0] if held else leader
    return names
