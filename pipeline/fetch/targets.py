"""Addresses as they are asked, and where a redirect leads: WHATWG's URL Standard, by ada, as browsers have it."""

from __future__ import annotations

import dataclasses
import urllib.parse

import ada_url

from schemas.errors import RecordError
from transforms.functions.urls import redact_credentials

_MAX_ADDRESS_CHARS = 8_000


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Target:
    """An address to ask.

    url: normal, without user, password and fragment. shown: without any secret.
    credentials: user and password in UTF-8, where they are to be sent.
    """

    url: str
    shown: str
    credentials: tuple[bytes, bytes] | None = None

    @property
    def is_secure(self) -> bool:
        """Whether it is https."""
        return self.url.startswith("https:")

    def trusts(self, other: Target) -> bool:
        """Whether what was given for this address may be sent to another one: to the same scheme, host and port.

        Or where http becomes https, on the usual ports of both.
        """
        before, after = ada_url.URL(self.url), ada_url.URL(other.url)
        if before.hostname != after.hostname or before.port != after.port:
            return False
        return before.protocol == after.protocol or (before.protocol == "http:" and not before.port)


def first_target(address: str) -> Target:
    """The address that a request begins with. Raises RecordError "bad-address"."""
    return _target(address, None, redact_credentials(address))


def next_target(before: Target, location: str) -> Target:
    """Where a redirect leads.

    Credentials stay with whom they were given for (`Target.trusts`); those that a redirect states itself are not used.
    Raises RecordError "bad-address"; "insecure-redirect" from https to http.
    """
    target = _target(location, before.url, before.shown)
    if before.is_secure and not target.is_secure:
        raise RecordError("insecure-redirect", f"{before.shown}: redirected from https to {target.shown}")
    return dataclasses.replace(target, credentials=before.credentials if before.trusts(target) else None)


def _target(address: str, base: str | None, shown: str) -> Target:
    try:
        if len(address) > _MAX_ADDRESS_CHARS:
            raise ValueError("too long")
        # Lone surrogates are no text, and can't be sent.
        address.encode("utf-8")
        parts = ada_url.URL(address) if base is None else ada_url.URL(address, base)
    except ValueError as error:
        raise RecordError("bad-address", _bad(shown, is_redirect=base is not None)) from error
    if parts.protocol not in ("http:", "https:") or not parts.hostname or parts.port == "0":
        raise RecordError("bad-address", _bad(shown, is_redirect=base is not None))
    user, password = (urllib.parse.unquote_to_bytes(one) for one in (parts.username, parts.password))
    parts.username = parts.password = parts.hash = ""
    url = str(parts.href)
    return Target(url, redact_credentials(url), (user, password) if user or password else None)


def _bad(shown: str, *, is_redirect: bool) -> str:
    return (
        f"{shown}: redirected to no http or https address"
        if is_redirect
        else f"{shown}: no http or https address"
    )
