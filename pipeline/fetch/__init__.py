"""Polling over HTTP: `client` asks any address within limits, `poll` a feed once, `poller` many, each host in turn."""
