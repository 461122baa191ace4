"""Why a request failed: the closed list of reasons, and which of them an error of a library means."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from typing import Final

import requests
import urllib3

from schemas.errors import RecordError

#: Every reason that `Client.get` may raise a RecordError with, and what it means.
REASONS: Final = {
    "bad-address": "no http or https address that can be asked, or a redirect to one that isn't",
    "private-address": "a host, perhaps a redirect's, all of whose addresses are private or otherwise not public",
    "dns-failed": "the name of the host isn't known, or can't be looked up just now",
    "connection-failed": "nobody answers there, or the connection was closed before an answer began",
    "tls-failed": "no agreement on TLS, or a certificate that isn't valid for the host",
    "timeout": "not connected, or no further part of the answer, in time; or not all of it",
    "too-many-redirects": "more redirects than are followed",
    "redirect-loop": "a redirect to an address that was asked before, with the same cookies",
    "insecure-redirect": "a redirect from https to http",
    "headers-too-large": "more or longer headers than are read",
    "too-large": "a body longer than is read, as sent or decompressed",
    "decompression-bomb": "a body that grows out of all proportion when it is decompressed",
    "decompression-failed": "a body that isn't compressed as the headers say",
    "truncated": "an answer that ends before it is complete",
    "bad-answer": "no HTTP, or HTTP that can't be understood",
}


def as_record_error(error: BaseException, shown: str, *, has_head: bool) -> RecordError:
    """The RecordError that an error of requests or urllib3 stands for.

    shown: the address, without secrets. has_head: whether the head of the answer had been read when it happened.
    """
    causes = list(_causes(error))
    known = next((cause for cause in causes if isinstance(cause, RecordError)), None)
    if known is not None:
        return known
    # What isn't said in our words is named by its class: the text of some errors has the address in it.
    name = type(causes[-1]).__name__
    if any(isinstance(cause, _TIMEOUTS) for cause in causes):
        return RecordError("timeout", f"{shown}: not answered in time")
    if any(isinstance(cause, _BAD_ANSWERS) for cause in causes):
        return RecordError("bad-answer", f"{shown}: its answer can't be understood ({name})")
    if has_head:
        if isinstance(error, ValueError):
            return RecordError("bad-answer", f"{shown}: its answer can't be understood ({name})")
        return RecordError("truncated", f"{shown}: the connection was lost within the answer ({name})")
    failed = next((cause for cause in causes if isinstance(cause, _TLS)), None)
    if failed is not None:
        return RecordError(
            "tls-failed", f"{shown}: its certificate or TLS can't be trusted ({_tls_cause(causes)})"
        )
    if any(isinstance(cause, _BAD_ADDRESSES) for cause in causes):
        return RecordError("bad-address", f"{shown}: not an address that can be asked ({name})")
    return RecordError("connection-failed", f"{shown}: the connection was lost before an answer ({name})")


_TIMEOUTS = (TimeoutError, requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)
_BAD_ANSWERS = (
    urllib3.exceptions.InvalidChunkLength,
    urllib3.exceptions.InvalidHeader,
    requests.exceptions.InvalidHeader,
)
_TLS = (ssl.SSLError, urllib3.exceptions.SSLError, requests.exceptions.SSLError)
_BAD_ADDRESSES = (
    UnicodeError,
    http.client.InvalidURL,
    urllib3.exceptions.LocationValueError,
    requests.exceptions.InvalidURL,
)


def _tls_cause(causes: list[BaseException]) -> str:
    """What OpenSSL says, which has no address in it but the host's."""
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return cause.reason.lower().replace("_", " ")
    return type(causes[-1]).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it was made of: libraries keep the first one as a cause, a reason or an argument."""
    seen: set[int] = set()
    left = [error]
    while left:
        one = left.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (one.__cause__, getattr(one, "reason", None), *one.args)
        left += [cause for cause in inner if isinstance(cause, BaseException)]
