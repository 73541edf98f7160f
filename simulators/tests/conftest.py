"""The merchant's side of VNPAY, written a second time, and a server that takes its IPNs."""

import hashlib
import hmac
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, quote_plus, urlsplit

import httpx2
import pytest

from simulators.running import RunningSimulator

http = httpx2.Client(trust_env=False, timeout=30)  # one: each makes a TLS context, used or not

Answer = tuple[int, str, float]  # HTTP status, body, seconds to wait before it
CONFIRMED: Answer = (200, '{"RspCode":"00","Message":"Confirm Success"}', 0)


def vietnam_time(offset: timedelta = timedelta(0)) -> str:
    return (datetime.now(UTC) + timedelta(hours=7) + offset).strftime("%Y%m%d%H%M%S")


class Merchant:
    """Signs, verifies and listens as the documentation tells a merchant to."""

    tmn_code = "MOTCUA01"
    secret = "not-a-real-secret"

    def __init__(self) -> None:
        self.txn_ref = "HS0"
        self.ipns: list[list[tuple[str, str]]] = []
        self.answers: deque[Answer] = deque()
        self.always = CONFIRMED
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def begin(self, gateway: RunningSimulator) -> None:
        """A new reference, confirming answers, and nothing on its way from the test before."""
        self.always = CONFIRMED
        self.answers.clear()
        http.delete(f"{gateway.url}/_faults").raise_for_status()
        self.wait(lambda: self._is_quiet(gateway), "the IPNs of the test before")
        self.ipns.clear()
        self.txn_ref = f"HS{int(self.txn_ref[2:]) + 1}"

    def _is_quiet(self, gateway: RunningSimulator) -> bool:
        kinds = Counter(entry["kind"] for entry in http.get(f"{gateway.url}/_ledger").json())
        return kinds["ipn-planned"] == kinds["ipn-confirmed"] + kinds["ipn-abandoned"]

    def ledger(self, gateway: RunningSimulator) -> list[dict[str, object]]:
        """What the gateway noted about this test's payments."""
        entries = http.get(f"{gateway.url}/_ledger").json()
        return [e for e in entries if str(e.get("txnRef", "")).startswith(self.txn_ref)]

    def kinds(self, gateway: RunningSimulator) -> list[str]:
        return [str(entry["kind"]) for entry in self.ledger(gateway)]

    @property
    def ipn_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/ipn?channel=test"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def hash(self, text: str) -> str:
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha512).hexdigest()

    def query(self, parameters: Mapping[str, str]) -> str:
        pairs = [f"{name}={quote_plus(parameters[name])}" for name in sorted(parameters)]
        joined = "&".join(pair for pair in pairs if not pair.endswith("="))
        return f"{joined}&vnp_SecureHash={self.hash(joined)}"

    def is_genuine(self, pairs: list[tuple[str, str]]) -> bool:
        """Each vnp_ parameter once, and the hash over all the others."""
        given = dict(pair for pair in pairs if pair[0].startswith("vnp_"))
        signature = given.pop("vnp_SecureHash", "")
        right = self.query(given).rpartition("=")[2]
        once = len(pairs) == len({name for name, _ in pairs})
        return once and hmac.compare_digest(signature, right)

    def parameters(self, suffix: str = "") -> dict[str, str]:
        return {
            "vnp_Version": "2.1.0",
            "vnp_Command": "pay",
            "vnp_TmnCode": self.tmn_code,
            "vnp_Amount": "20000000",
            "vnp_CreateDate": vietnam_time(),
            "vnp_CurrCode": "VND",
            "vnp_IpAddr": "127.0.0.1",
            "vnp_Locale": "vn",
            "vnp_OrderInfo": "Le phi ho so H42.01-261125-0001",
            "vnp_OrderType": "other",
            "vnp_ReturnUrl": "http://127.0.0.1:9/return?from=vnpay",
            "vnp_ExpireDate": vietnam_time(timedelta(minutes=15)),
            "vnp_TxnRef": f"{self.txn_ref}{suffix}",
        }

    def pay_url(self, gateway: RunningSimulator, parameters: Mapping[str, str]) -> str:
        return f"{gateway.url}/paymentv2/vpcpay.html?{self.query(parameters)}"

    def pay(
        self, gateway: RunningSimulator, suffix: str = "", decision: str = "pay"
    ) -> httpx2.Response:
        """Opens and decides in one step."""
        pay_url = self.pay_url(gateway, self.parameters(suffix))
        form = {"payUrl": pay_url, "decision": decision}
        return http.post(f"{gateway.url}/paymentv2/decide", data=form)

    def request(
        self, gateway: RunningSimulator, fields: Mapping[str, str], *, order: str
    ) -> dict[str, str]:
        """Calls the merchant API; `order` names the signed fields."""
        signature = self.hash("|".join(fields[f"vnp_{name}"] for name in order.split()))
        body = {"vnp_SecureHash": signature, **fields}
        url = f"{gateway.url}/merchant_webapi/api/transaction"
        reply: dict[str, str] = http.post(url, json=body).json()
        return reply

    def query_fields(self, request_id: str) -> dict[str, str]:
        return {
            "vnp_RequestId": request_id,
            "vnp_Version": "2.1.0",
            "vnp_Command": "querydr",
            "vnp_TmnCode": self.tmn_code,
            "vnp_TxnRef": self.txn_ref,
            "vnp_OrderInfo": "Truy van giao dich",
            "vnp_TransactionDate": vietnam_time(),
            "vnp_CreateDate": vietnam_time(),
            "vnp_IpAddr": "127.0.0.1",
        }

    def querydr(self, gateway: RunningSimulator, **changes: str) -> dict[str, str]:
        fields = self.query_fields(f"q{time.monotonic_ns()}")
        order = (
            "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo"
        )
        return self.request(gateway, {**fields, **changes}, order=order)

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, f"in vain waited for {what}"
            time.sleep(0.02)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _handler(merchant: Merchant) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pairs = parse_qsl(urlsplit(self.path).query, keep_blank_values=True)
            answer = merchant.answers.popleft() if merchant.answers else merchant.always
            merchant.ipns.append(pairs)
            status, body, seconds = answer
            time.sleep(seconds)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
            """Quiet: pytest shows what matters."""

    return Handler


def _gateway_options(merchant: Merchant, ledger_file: Path) -> list[str]:
    return [
        *("--tmn-code", merchant.tmn_code),
        *("--hash-secret", merchant.secret),
        *("--ipn-url", merchant.ipn_url),
        *("--ipn-retry-seconds", "0.02"),
        *("--ipn-attempts", "4"),
        *("--ipn-timeout-seconds", "1"),
        *("--ledger-file", str(ledger_file)),
    ]


@pytest.fixture(scope="session")
def shared_merchant() -> Iterator[Merchant]:
    merchant = Merchant()
    yield merchant
    merchant.close()


@pytest.fixture(scope="session")
def shared_gateway(
    shared_merchant: Merchant, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSimulator]:
    ledger_file = tmp_path_factory.mktemp("gateway") / "vnpay.jsonl"
    with RunningSimulator("vnpay", *_gateway_options(shared_merchant, ledger_file)) as running:
        yield running


@pytest.fixture
def merchant(shared_merchant: Merchant, shared_gateway: RunningSimulator) -> Merchant:
    shared_merchant.begin(shared_gateway)
    return shared_merchant


@pytest.fixture
def gateway(merchant: Merchant, shared_gateway: RunningSimulator) -> RunningSimulator:
    """Well behaved and quiet; tests that kill start their own."""
    assert merchant.ipns == []
    return shared_gateway


@pytest.fixture
def start_gateway(merchant: Merchant, tmp_path: Path) -> Iterator[Callable[..., RunningSimulator]]:
    """Starts VNPAY; a second start after a kill finds the same ledger."""
    started: list[RunningSimulator] = []

    def start(*options: str) -> RunningSimulator:
        ledger_file = tmp_path / "vnpay.jsonl"
        running = RunningSimulator("vnpay", *_gateway_options(merchant, ledger_file), *options)
        started.append(running)
        return running

    yield start
    for running in started:
        running.__exit__()
