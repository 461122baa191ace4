"""A web server for tests that does whatever a script says, byte by byte, on a loopback address of this machine."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from email.utils import formatdate

#: Plays one connection from its beginning to its end.
Script = Callable[["Conversation"], None]


@dataclasses.dataclass(frozen=True)
class Request:
    """What a client asked. headers: by their names in lower case."""

    target: str
    headers: dict[str, str]


class Conversation:
    """One connection, seen from the server."""

    def __init__(self, server: ScriptedServer, connected: socket.socket) -> None:
        self.server = server
        self._connected = connected
        self._received = b""

    @property
    def port(self) -> int:
        return self.server.port

    def request(self) -> Request | None:
        """The next request; None where the client has gone."""
        while b"\r\n\r\n" not in self._received:
            more = self._connected.recv(65536)
            if not more:
                return None
            self._received += more
        head, self._received = self._received.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        request = Request(first.split(" ")[1], {name.lower(): value for name, value in headers.items()})
        self.server.requests.append(request)
        return request

    def hear(self) -> None:
        """Takes what comes first, whatever it is."""
        self._connected.recv(65536)

    def send(self, data: bytes) -> None:
        self._connected.sendall(data)

    def answer(self, status: int = 200, body: bytes = b"", *lines: str) -> None:
        """A proper answer, after which the connection stays open. lines: headers."""
        head = [f"HTTP/1.1 {status} Made up", *lines, f"Content-Length: {len(body)}", "", ""]
        self.send("\r\n".join(head).encode("utf-8") + body)

    def drip(self, piece: bytes = b"x", every_s: float = 0.02) -> None:
        """Says something again and again, often enough that no time-out of a socket ends it, until the client goes."""
        while not self.server.stopped.wait(every_s):
            self.send(piece)

    def flood(self, piece: bytes, times: int | None = None) -> None:
        """Says something as fast as it is taken, for ever or so many times."""
        while not self.server.stopped.is_set() and times != 0:
            self.send(piece)
            times = None if times is None else times - 1

    def wait(self) -> None:
        """Says nothing, and doesn't close either."""
        self.server.stopped.wait()

    def reset(self) -> None:
        """Breaks the connection off, as a crash would: what was sent may be lost on the way."""
        self._connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connected.close()


class ScriptedServer:
    """Plays a script on each connection, each in a thread.

    accepted: connections so far. requests: those that the script has read. stopped: set once the test is over.
    context: for TLS. accepts: whether connections are accepted at all.
    """

    def __init__(
        self,
        script: Script,
        host: str = "127.0.0.1",
        *,
        context: ssl.SSLContext | None = None,
        accepts: bool = True,
    ) -> None:
        self._script = script
        self._context = context
        self._accepts = accepts
        self.host = host
        self.stopped = threading.Event()
        self.accepted = 0
        self.requests: list[Request] = []
        self._socket = socket.create_server((host, 0), backlog=128 if accepts else 0)
        self.port: int = self._socket.getsockname()[1]
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://{self.host}:{self.port}"

    @contextlib.contextmanager
    def running(self) -> Iterator[ScriptedServer]:
        accepting = threading.Thread(target=self._accept, daemon=True)
        waiting: list[socket.socket] = []
        if self._accepts:
            accepting.start()
        else:
            # Fills the queue of those that want to be accepted: the next one isn't even answered.
            for _ in range(3):
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex((self.host, self.port))
                waiting.append(one)
        try:
            yield self
        finally:
            self.stopped.set()
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            for connected in (*self._open, *waiting):
                with contextlib.suppress(OSError):
                    connected.shutdown(socket.SHUT_RDWR)
                connected.close()
            if self._accepts:
                accepting.join()

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._socket.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.add(connected)
            threading.Thread(target=self._play, args=(connected,), daemon=True).start()

    def _play(self, connected: socket.socket) -> None:
        # A client that has had enough closes the connection: that's what is tested.
        with contextlib.suppress(OSError):
            if self._context is not None:
                connected = self._context.wrap_socket(connected, server_side=True)
            with connected:
                self._script(Conversation(self, connected))


def answering(status: int = 200, body: bytes = b"", *lines: str) -> Script:
    """Answers every request of a connection alike."""

    def script(talk: Conversation) -> None:
        while talk.request() is not None:
            talk.answer(status, body, *lines)

    return script


def saying(*pieces: bytes) -> Script:
    """Hears a request, says exactly this, and closes."""

    def script(talk: Conversation) -> None:
        if talk.request() is not None:
            for piece in pieces:
                talk.send(piece)

    return script


def routed(routes: dict[str, Script]) -> Script:
    """Answers each path by a script that sends one answer without reading the request; 404 for others."""

    def script(talk: Conversation) -> None:
        while (request := talk.request()) is not None:
            if request.target in routes:
                routes[request.target](talk)
            else:
                talk.answer(404)

    return script


def after_request(play: Script) -> Script:
    """Hears a request, then plays."""

    def script(talk: Conversation) -> None:
        if talk.request() is not None:
            play(talk)

    return script


def http_date(seconds: float) -> str:
    """A date as HTTP has it, of seconds since 1970."""
    return formatdate(seconds, usegmt=True)
