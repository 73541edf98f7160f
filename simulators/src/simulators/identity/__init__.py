"""OpenID provider: the national sign-on (VNeID through the national portal) in miniature."""

import argparse
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from simulators.controls import control_routes
from simulators.faults import Faults
from simulators.identity.authorization import Codes, authorization_routes
from simulators.identity.clients import read_clients
from simulators.identity.discovery import discovery_routes
from simulators.identity.keys import Keyring
from simulators.identity.minting import minting_routes
from simulators.identity.oauth import OAuthError, answer_oauth_error
from simulators.identity.token_endpoint import TokenEndpoint, token_routes
from simulators.identity.tokens import KNOWN_FAULTS, Issuer
from simulators.ledger import Ledger
from simulators.serving import Listener, Party

MANUAL = """\
Discovery: http://HOST:PORT/.well-known/openid-configuration
People sign in at /authorize: code flow, PKCE S256, public client motcua-portal, loopback redirects;
agency systems and operator-cli get tokens with client_credentials, secrets from --clients-file.
For tests only: POST /_tokens mints any token, right or wrong; POST /_rotate changes the key.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--issuer", help="issuer URL (default: where it listens)")
    parser.add_argument("--audience", default="motcua", help="aud of access tokens (%(default)s)")
    parser.add_argument(
        "--algorithm",
        default="ES256",
        choices=["ES256", "RS256"],
        help="for keys made from now on (%(default)s)",
    )
    parser.add_argument(
        "--state-folder",
        type=Path,
        metavar="FOLDER",
        help="keep the signing keys here, so that tokens stay valid over a restart",
    )
    parser.add_argument(
        "--clients-file",
        type=Path,
        metavar="FILE",
        help='JSON {"agency-H42.10": "secret", "operator-cli": "secret"}',
    )
    parser.add_argument(
        "--token-seconds", type=int, default=3600, help="life of a token (%(default)s)"
    )


def build(options: argparse.Namespace, listener: Listener) -> Party:
    clients = read_clients(options.clients_file)
    keyring = Keyring.open(options.state_folder, options.algorithm)
    ledger = Ledger(options.ledger_file)
    faults = Faults(KNOWN_FAULTS, ledger)
    issuer = Issuer(
        url=options.issuer or listener.url,
        audience=options.audience,
        lifetime=options.token_seconds,
        keyring=keyring,
        faults=faults,
    )
    codes = Codes()

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncGenerator[None]:
        yield
        ledger.close()

    app = FastAPI(title="Identity provider", lifespan=living)
    app.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"]
    )
    app.add_exception_handler(OAuthError, answer_oauth_error)
    app.include_router(control_routes("identity", faults, ledger))
    app.include_router(discovery_routes(issuer, ledger))
    app.include_router(authorization_routes(issuer, codes, ledger))
    app.include_router(token_routes(TokenEndpoint(issuer, codes, clients, ledger)))
    app.include_router(minting_routes(issuer))
    return Party(app)
