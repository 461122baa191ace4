"""Fetching over HTTP: `client` asks any address within limits, `feeds` asks for a feed once."""

from pipeline.fetch.feeds import TOTAL_TIMEOUTS, Fetched, FetchLimits, fetch_feed
from pipeline.fetch.sniff import looks_like_feed

__all__ = ["TOTAL_TIMEOUTS", "FetchLimits", "Fetched", "fetch_feed", "looks_like_feed"]
