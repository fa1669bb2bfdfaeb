"""`facelines webapp`: the page with live expressions from the visitor's own camera."""

import argparse
from pathlib import Path

from facelines.commands.arguments import number, port


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=port, default=8000)
    parser.add_argument("--ssl-certfile", help="PEM; browsers lend cameras to https only")
    parser.add_argument("--ssl-keyfile")
    parser.add_argument("--allow-origin", action="append", default=[], metavar="ORIGIN")
    parser.add_argument("--max-clients", type=number(1, 100_000, int), default=32)
    parser.add_argument("--model", default="landmark-ferplus", help="of the start")
    parser.add_argument(
        "--static",
        type=Path,
        metavar="OUT",
        help="serve nothing: write the page as files that any host can serve (docs/static.md)",
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted, or write the page as files; return the exit status."""
    if arguments.static:
        return _write_site(arguments.static)
    from facelines.webapp.server import serve
    from facelines.webapp.settings import Settings

    serve(
        Settings(
            host=arguments.host,
            port=arguments.port,
            ssl_certfile=arguments.ssl_certfile,
            ssl_keyfile=arguments.ssl_keyfile,
            allow_origin=tuple(arguments.allow_origin),
            max_clients=arguments.max_clients,
            model=arguments.model,
        ),
        open_page=arguments.open,
    )
    return 0


def _write_site(folder: Path) -> int:
    from facelines.webapp.site import build

    site = build(folder)
    print(
        f"{site.folder}: {', '.join(site.models)}; a first visit loads {site.bytes / 1e6:.1f} MB "
        f"({site.compressed_bytes / 1e6:.1f} MB where the host compresses). "
        f"Try it with: python -m http.server --directory {site.folder}"
    )
    return 0
