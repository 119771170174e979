"""Serves the explorer page on this machine: `python -m sharpsim.explore [--port 2718] [--no-browser]`. Ctrl-C ends it.

The page is a marimo notebook, `app.py`. It is served at 127.0.0.1 only, under a content security policy that lets the browser load from
this server and nowhere else. The command line of marimo, which asks PyPI for newer versions, is not used.
"""

import argparse
import importlib.util
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
APP = Path(__file__).with_name("app.py")
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' data: blob: ws://{host}; form-action 'none'; frame-ancestors 'none'; base-uri 'self'"
)
"""marimo's page has inline scripts and compiles some of its own code, so both are allowed; no other server is."""


def application(port: int) -> Any:
    """The ASGI application: marimo's, with the content security policy on each answer, for requests that name this server as host.

    A request under another host name is refused (status 400), so that no other web page can reach the server by a name of its own.
    """
    import marimo
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    served = marimo.create_asgi_app(quiet=True).with_app(path="", root=str(APP)).build()
    inner = TrustedHostMiddleware(served, allowed_hosts=[HOST, "localhost"])

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        host = dict(scope.get("headers", [])).get(b"host", f"{HOST}:{port}".encode()).decode("latin-1")

        async def with_policy(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(b"content-security-policy", POLICY.format(host=host).encode("latin-1")), (b"referrer-policy", b"no-referrer")]
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        await inner(scope, receive, with_policy)

    return guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until interrupted; exit status 2 where the extra is not installed."""
    parser = argparse.ArgumentParser(prog="python -m sharpsim.explore", description="Explore a table of probabilities in the browser.")
    parser.add_argument("--port", type=int, default=2718, help="port on this machine (default: 2718)")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    given = parser.parse_args(arguments)
    if missing := [name for name in ("marimo", "matplotlib") if importlib.util.find_spec(name) is None]:
        print(f'{" and ".join(missing)} must be installed: pip install "sharpsim[explore]"', file=sys.stderr)
        return 2
    import uvicorn

    address = f"http://{HOST}:{given.port}"
    print(f"The page is at {address} (Ctrl-C ends it).", flush=True)
    if not given.no_browser:
        webbrowser.open(address)
    uvicorn.run(application(given.port), host=HOST, port=given.port, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
