"""Measures of ranked lists, computed by ir-measures (extra ``eval``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from libqa.errors import MissingExtra

NAMES = ("hit@1", "hit@3", "hit@5", "hit@10", "mrr@10", "ndcg@10")


def measure(
    relevant: Mapping[str, Collection[str]], ranked: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Return for each question the measures `NAMES`, each 0..1.

    Parameters
    ----------
    relevant : question to the ids that are right, all equally.
    ranked : question to ids, best first; a question without a list found nothing.

    Notes
    -----
    ``hit@k`` is 1 if a right one is among the first k (Success@k); ``mrr@10`` is 1 over the rank of the first right
    one, 0 if it is not among ten (Voorhees, TREC-8, 1999); ``ndcg@10`` is the discounted gain with weights
    1/log2(rank+1), divided by that of an ideal list (Järvelin and Kekäläinen, ACM TOIS 20, 2002).

    Raises
    ------
    MissingExtra : ir-measures is not installed.
    """
    try:
        import ir_measures
        from ir_measures import RR, Success, nDCG
    except ImportError:
        raise missing("ir-measures") from None
    names = {Success @ 1: "hit@1", Success @ 3: "hit@3", Success @ 5: "hit@5", Success @ 10: "hit@10"}
    names |= {RR @ 10: "mrr@10", nDCG @ 10: "ndcg@10"}
    found = {question: dict.fromkeys(NAMES, 0.0) for question in relevant}
    judged = {question: dict.fromkeys(ids, 1) for question, ids in relevant.items() if ids}
    # The order is the score: equal scores would be put in another order by the measures.
    runs = {q: {one: -float(place) for place, one in enumerate(ranked.get(q, ()))} for q in judged}
    for result in ir_measures.iter_calc(list(names), judged, {q: run for q, run in runs.items() if run}):
        found[result.query_id][names[result.measure]] = float(result.value)
    return found


def missing(package: str) -> MissingExtra:
    """Return the error for a package of the extra ``eval`` that is not installed."""
    return MissingExtra(
        "libqa eval", f"the package {package} is not installed", "install the extra: pip install 'libqa[eval]'"
    )
