"""A service in Python, with nothing but its standard library, that lets in who is signed in at Doorstep.

It asks Doorstep by OAuth 2.0 Token Introspection (RFC 7662) at each request, and keeps no answer.
"""

import json
import os
import re
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DOORSTEP_URL = os.environ.get("DOORSTEP_URL", "http://localhost:4000").rstrip("/")
KEY_FILE = os.environ.get("DOORSTEP_KEY_FILE", "../../.data/client-key")
KEY = os.environ.get("DOORSTEP_KEY") or Path(KEY_FILE).read_text().strip()
PORT = int(os.environ.get("PORT", "5001"))

TOKEN = re.compile(r"ses_[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
TIMEOUT_SECONDS = 5


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """The key goes where it was meant to go."""

    def redirect_request(self, *_args) -> None:
        return None


opener = urllib.request.build_opener(NoRedirects)


class Unavailable(Exception):
    """Doorstep cannot be asked: nobody is signed in or signed out by that."""


def introspect(token: str, used_from: str) -> dict | None:
    """Who is signed in by a token; None for nobody."""
    if not TOKEN.fullmatch(token) or len(token) > 4096:
        return None
    request = urllib.request.Request(
        f"{DOORSTEP_URL}/introspect",
        data=urllib.parse.urlencode({"token": token, "used_from": used_from}).encode(),
        headers={"Authorization": f"Bearer {KEY}", "Accept": "application/json"},
    )
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            answer = json.load(response)
    except (OSError, ValueError) as error:
        # An answer that is no 200 is an error too (HTTPError is an OSError): a key that has ended, a database that is away.
        raise Unavailable(str(error)) from error
    return answer if answer.get("active") is True else None


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            session = introspect(token.strip(), self.client_address[0]) if scheme.lower() == "bearer" else None
        except Unavailable as error:
            self.log_error("Doorstep cannot be asked: %s", error)
            self.answer(503, {"error": "unavailable"}, {"Retry-After": "1"})
            return
        if session is None:
            self.answer(401, {"error": "unauthenticated"}, {"WWW-Authenticate": "Bearer"})
            return
        self.answer(200, {"account": session["sub"], "session": session["sid"]})

    def answer(self, status: int, content: dict, headers: dict | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", PORT), Service) as server:
        print(f"A service at http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
