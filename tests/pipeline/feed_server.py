"""A small web server for tests, on this machine only: each path answers as its script says."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Options of a run that polls this machine's servers, at once and all of them.
LOCAL_FEEDS = ("--allow_private_hosts", "--host_gap_s", "0", "--all_due")

#: Takes the request; writes status, headers and body itself.
Script = Callable[[BaseHTTPRequestHandler], None]


def answer(status: int, body: bytes = b"", **headers: str) -> Script:
    """A plain answer; header names are given with _ for -."""

    def script(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return script


class FeedServer:
    """Serves scripts by path and remembers what it was asked."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self.scripts = dict(scripts)
        self.requests: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(
                    (self.path, {name.lower(): value for name, value in self.headers.items()})
                )
                script = server.scripts.get(self.path, answer(404))
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    script(self)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextlib.contextmanager
    def running(self) -> Iterator[FeedServer]:
        """Serves while the block runs."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
