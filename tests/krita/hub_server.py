# SPDX-License-Identifier: GPL-3.0-or-later
"""A hub to download from, for tests of hosts: as much of its language as the library speaks, and a line that
is cut. What else can go wrong on the way, hub/tests play with a larger one."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Repositories on a port of this machine; `put` files, then look at what was `asked`."""

    def __init__(self):
        self.files: dict[str, dict[str, bytes]] = {}
        self.gated: set[str] = set()
        self.cut: dict[str, int] = {}  # a file → bytes after which the line is cut, once
        self.asked: list[tuple] = []  # (path, headers by names in small letters)
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # noqa: N802
                hub.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                hub.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, repository: str, path: str, data: bytes) -> None:
        self.files.setdefault(repository, {})[path] = data

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        path = to.path.partition("?")[0]
        found = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(revision|tree)/\w+", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/\w+/(.+)", path)
        repository = (found or file).group(1) if found or file else ""
        if repository in self.gated:
            return _say(to, 403, b"", {"X-Error-Code": "GatedRepo"})
        if repository not in self.files:
            return _say(to, 401, b"", {"X-Error-Code": "RepoNotFound"})
        if found is not None:
            told = self.tree(repository) if found.group(2) == "tree" else self.info()
            return _say(to, 200, json.dumps(told).encode())
        data = self.files[repository].get(file.group(2))
        return _say(to, 404, b"") if data is None else self.send(to, file.group(2), data)

    def info(self) -> dict:
        return {"sha": COMMIT, "gated": False, "cardData": {"license": "mit"}}

    def tree(self, repository: str) -> list:
        return [
            {
                "type": "file", "path": path, "size": len(data),
                "lfs": {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)},
            }
            for path, data in self.files[repository].items()
        ]  # fmt: skip

    def send(self, to: BaseHTTPRequestHandler, path: str, data: bytes) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", to.headers.get("Range", ""))
        start = int(wanted.group(1)) if wanted else 0
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(data).hexdigest()}"'}
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        _say(to, 206 if wanted else 200, data[start:], headers, self.cut.pop(path, None))


def _say(to: BaseHTTPRequestHandler, status: int, body: bytes, headers=(), cut: int | None = None) -> None:
    to.send_response(status)
    to.send_header("Content-Length", str(len(body)))
    to.send_header("Connection", "close")
    for name, value in dict(headers).items():
        to.send_header(name, value)
    to.end_headers()
    to.wfile.write(body[:cut])
    to.close_connection = True
