"""The codes in an article's `warnings`: what was repaired or doubted, in fixed words that can be counted."""

from __future__ import annotations

#: Code -> what it says. A code that ends in * stands for all codes that begin so; what follows names the choice made.
WARNINGS: dict[str, str] = {
    # charset
    "charset_detected": "the charset was neither stated nor UTF-8, and was told from the bytes",
    "charset_replaced": "some bytes made no sense in the charset and are U+FFFD now",
    "nul_removed": "NUL characters were taken out",
    # seed files
    "no_header": "the seed file has no header: all of it is text",
    "no_blank_line": "the header of the seed file runs into the text without a blank line",
    "repeated_header": "a header stands twice; the first that holds something counts",
    "unknown_header": "a line in the header is none that newsbeam knows",
    # feeds
    "feed_malformed": "the feed is no well-formed XML; what could be read was",
    "link_not_unique": "several items of the feed share the address over different guids; it names none of them",
    "guid_not_unique": "several items of the feed share the guid over different addresses; it was left aside",
    "guid_unstable": "the feed gives its items other guids on each poll; this one was left aside",
    "offsite_link": "the item leads to another site than its feed and most of the feed's items: sold, or a partner's",
    "sitemap_too_long": "the sitemap has more entries than are read; this is the last one that was",
    # text and address
    "title_only": "there is a title and no text",
    "summary_only": "the text is the summary: there is no fuller body",
    "no_text": "there is neither title nor text, only an address",
    "bad_url": "the address is no http or https address",
    # bylines and sources
    "byline_no_person": "there is a byline, and it names no person",
    "byline_cut": "the byline is longer than what is read of one",
    "byline_names_split": "names stood side by side with nothing between them, and were told apart",
    "source_is_aggregator": "the source shows what others publish, and nothing names the publisher",
    "source_from_byline": "the source is the organisation that the byline names",
    "source_domain_differs": "the source that is stated is not the one at the address",
    # times
    "assumed_zone_*": "the time states no zone, or an abbreviation with several meanings: this one was taken",
    "unknown_zone": "the time states a zone that nobody knows",
    "ambiguous_local_time": "the clock showed this time twice, at the end of summer time; the first was taken",
    "ambiguous_date": "day and month can't be told apart by the digits; the day was taken to come first",
    "relative_time": "the time is stated relative to when it was read",
    "unreadable_time": "a time is stated that can't be read",
    "unreadable_time_of_day": "the date can be read, and the time of day can't",
    "epoch_time": "the time is a computer's zero (1970, year 1), not a publisher's",
    "before_1800_time": "the time is before 1800",
    "future_time": "the time is more than 48 hours after it was read",
    # entities
    "entities_failed": "the model broke on this article",
}


def is_known(code: str) -> bool:
    """Whether a code is one of `WARNINGS`."""
    return code in WARNINGS or any(
        code.startswith(pattern[:-1]) for pattern in WARNINGS if pattern.endswith("*")
    )
