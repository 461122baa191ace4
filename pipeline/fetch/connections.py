"""urllib3's connections under the rules of an `Exchange`, and the adapter that brings them to requests."""

from __future__ import annotations

import functools
import http.client
import io
import logging
import socket
import ssl
from typing import Any

import certifi
import urllib3
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from pipeline.fetch.exchange import CURRENT, Exchange
from schemas.errors import RecordError
from transforms.functions.urls import redact_credentials

#: Connections that are kept open for one host and port, and hosts for which that is done.
KEPT_PER_HOST = 4
KEPT_HOSTS = 256

_BUFFER_BYTES = 16 * 1024
_MAX_TRAILERS = 100
_SWITCHING_PROTOCOLS = 101


class _Wire(io.RawIOBase):
    """What comes from a socket, by the clock of a request."""

    def __init__(self, raw: io.RawIOBase, connected: socket.socket, exchange: Exchange) -> None:
        self._raw = raw
        self._connected = connected
        self._exchange = exchange

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads what there is, waiting for it no longer than the request may."""
        return self._exchange.receive(self._connected, lambda: self._raw.readinto(buffer))

    def close(self) -> None:
        """Gives the socket back to its connection."""
        super().close()
        self._raw.close()


class _Reader(io.BufferedReader):
    """Reads an answer. While that is its head, each line counts against what heads may take."""

    def __init__(self, wire: _Wire, exchange: Exchange) -> None:
        super().__init__(wire, _BUFFER_BYTES)
        self._exchange = exchange
        self._left = exchange.limits.max_header_bytes
        self._has_begun = False
        self._lines = 0
        self.is_in_head = False

    def read(self, size: int | None = -1, /) -> bytes:
        """Reads a part of the body."""
        self._lines = 0
        return super().read(size)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Reads a line, cut at `size`. Raises RecordError "headers-too-large", or "truncated" within a head."""
        if not self.is_in_head:
            # Between the lines that frame chunks there are chunks; one after another, they are a trailer.
            self._lines += 1
            if self._lines > _MAX_TRAILERS:
                raise RecordError("headers-too-large", f"{self._exchange.shown}: a trailer that doesn't end")
            return super().readline(size)
        wanted = self._left + 1 if size is None or size < 0 else min(size, self._left + 1)
        line = super().readline(wanted)
        self._left -= len(line)
        if self._left < 0:
            raise RecordError(
                "headers-too-large",
                f"{self._exchange.shown}: headers of more than {self._exchange.limits.max_header_bytes:,} bytes",
            )
        # http.client takes the end of the connection for that of the head.
        if self._has_begun and not line.endswith(b"\n"):
            raise RecordError("truncated", f"{self._exchange.shown}: its answer ends within the headers")
        self._has_begun = True
        return line


class CheckedResponse(http.client.HTTPResponse):
    """An answer that is read in time and within its bounds. Raises RecordError for what is wrong with its head."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        exchange = CURRENT.get()
        self._shown = exchange.shown
        raw = self.fp.detach()  # type: ignore[attr-defined]
        self._reader = _Reader(_Wire(raw, sock, exchange), exchange)
        self.fp = self._reader

    def begin(self) -> None:
        """Reads the head of the final answer; those of interim ones (RFC 9110, 15.2) are passed over."""
        self._reader.is_in_head = True
        try:
            super().begin()
            while 100 <= self.status < 200:
                if self.status == _SWITCHING_PROTOCOLS:
                    raise RecordError("bad-answer", f"{self._shown}: it would speak another protocol")
                self.headers = self.msg = None  # type: ignore[assignment]
                super().begin()
        except http.client.RemoteDisconnected:
            raise
        except http.client.LineTooLong as error:
            raise RecordError("headers-too-large", f"{self._shown}: a header that doesn't end") from error
        except (http.client.BadStatusLine, http.client.UnknownProtocol) as error:
            raise RecordError("bad-answer", f"{self._shown}: its answer isn't HTTP") from error
        except http.client.HTTPException as error:
            raise RecordError("headers-too-large", f"{self._shown}: {error}") from error
        finally:
            self._reader.is_in_head = False
        if self.msg.defects or self.msg.get_payload():
            # Where a line is no header, what follows may be lost, the length of the body too. urllib3 would log it,
            # with a traceback, for each such answer.
            self.msg.defects.clear()
            self.msg.set_payload("")
            self.will_close = True


class _Checked:
    """Connects where the request may."""

    _address = ""

    def _new_conn(self) -> socket.socket:
        # As urllib3 does: with the final dot of a name, which is not part of what certificates and servers know.
        connected, self._address = CURRENT.get().connect(self._dns_host, self.port)  # type: ignore[attr-defined]
        return connected

    def request(self, *arguments: Any, **options: Any) -> None:
        """Sends a request, by a connection that was kept only where it could be opened for this one."""
        if self.sock is not None:  # type: ignore[attr-defined]
            CURRENT.get().check_kept(self._address)
        super().request(*arguments, **options)  # type: ignore[misc]


class _Plain(_Checked, urllib3.connection.HTTPConnection):
    response_class = CheckedResponse


class _Secure(_Checked, urllib3.connection.HTTPSConnection):
    response_class = CheckedResponse


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


@functools.cache
def tls_context(ca_bundle: str | None = None) -> ssl.SSLContext:
    """What certificates are checked by: those of certifi, or of a file in PEM. Read once: it takes some 10 ms.

    Raises OSError where the file can't be read.
    """
    context = create_urllib3_context()
    context.load_verify_locations(ca_bundle or certifi.where())
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = True
    return context


class CheckedAdapter(HTTPAdapter):
    """requests' adapter over these connections: no proxies, no second tries, certificates always checked."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(KEPT_HOSTS, KEPT_PER_HOST)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Called by requests."""
        super().init_poolmanager(*arguments, ssl_context=self._context, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Called by requests, which would have certifi's file read for each connection."""
        conn.cert_reqs = "CERT_REQUIRED"

    def ask(self, request: PreparedRequest, connect_s: float, read_s: float) -> Response:
        """Sends a request; the answer's body is still to be read, from `raw`."""
        return self.send(request, stream=True, timeout=(connect_s, read_s), verify=True, proxies=None)


class _Redaction(logging.Filter):
    """urllib3 logs the path of each address at level debug, with the parameters that open something."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record pass, without secrets."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                redact_credentials(one) if isinstance(one, str) else one for one in record.args
            )
        return True


_REDACTION = _Redaction()


def redact_logs() -> None:
    """Has urllib3 log addresses without secrets. Once is enough; more does no harm."""
    for name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.poolmanager", "urllib3.response"):
        logging.getLogger(name).addFilter(_REDACTION)
