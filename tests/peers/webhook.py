"""A webhook receiver that verifies Standard Webhooks signatures.

    hook = Webhook(secret=SECRET).start()
    hook.url            # http://127.0.0.1:PORT/hook
    hook.messages()     # [Delivery, …] that it accepted, in order
    hook.attempts()     # the same with those it refused
    hook.answer = ("status", 503, {"Retry-After": "2"})
    hook.stop()

`answer` is what it does with a request: ("status", code[, headers[, body]]),
("hang",) never answers, ("drip",) answers a byte a second, ("close",) hangs up,
("half",) breaks off in the middle of a 200's body, or a list of these, one a
request (the last one stays). With certificate=(cert, key) it speaks TLS.
"""
import base64
import dataclasses
import hashlib
import hmac
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import free_port, wait_for

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOLERANCE_S = 300


@dataclasses.dataclass
class Delivery:
    """One request."""
    headers: dict       # names in lower case
    body: bytes
    path: str
    at: float           # time.monotonic()
    verified: bool      # signature and timestamp are right
    status: int = 0     # what was answered; 0 = nothing
    method: str = "POST"

    @property
    def key(self):
        return self.headers.get("webhook-id", "")

    def json(self):
        return json.loads(self.body)

    @property
    def type(self):
        return self.json()["type"]

    @property
    def data(self):
        return self.json()["data"]


def signature(secret, identity, timestamp, body):
    """What the sender must have put into webhook-signature."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{identity}.{timestamp}.".encode() + body
    mac = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


class Receiver:
    """An HTTP server that keeps what it got; subclasses judge and answer."""

    def __init__(self, answer=("status", 200)):
        self.port = free_port()
        self.answer = answer
        self.certificate = None
        self.ending = threading.Event()
        self._server = None
        self._got = []
        self._lock = threading.Lock()

    def start(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.take(self)

            do_GET = do_PUT = do_POST

            def log_message(self, *words):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256
            block_on_close = False

            def handle_error(self, request, client_address):
                pass  # the client hung up: that is what is tested

            def get_request(self):
                connection, address = super().get_request()
                if receiver.certificate:
                    connection = receiver.secure(connection)
                return connection, address

        self.ending.clear()
        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True,
                         kwargs={"poll_interval": 0.05}).start()
        return self

    def stop(self):
        self.ending.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def secure(self, connection):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        return context.wrap_socket(connection, server_side=True,
                                   do_handshake_on_connect=False)

    def next_answer(self):
        with self._lock:
            if not isinstance(self.answer, list):
                return self.answer
            if len(self.answer) > 1:
                return self.answer.pop(0)
            return self.answer[0]

    def take(self, handler):
        length = int(handler.headers.get("Content-Length", "0"))
        delivery = Delivery(
            headers={k.lower(): v for k, v in handler.headers.items()},
            body=handler.rfile.read(length), path=handler.path,
            at=time.monotonic(), verified=False, method=handler.command)
        self.judge(delivery)
        with self._lock:
            self._got.append(delivery)
        self.respond(handler, delivery, self.reply(delivery))

    def judge(self, delivery):
        """Set delivery.verified."""

    def reply(self, delivery):
        return self.next_answer()

    def respond(self, handler, delivery, answer):
        handler.close_connection = True
        if answer[0] == "hang":
            self.ending.wait()
        elif answer[0] == "drip":
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n":
                if self.ending.wait(1):
                    return
                handler.wfile.write(bytes([byte]))
        elif answer[0] == "half":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n"
                                b"Content-Length: 100\r\n\r\n{\"half")
        elif answer[0] == "status":
            self.send(handler, delivery, *answer[1:])

    @staticmethod
    def send(handler, delivery, status, headers=None, body=b"{}"):
        delivery.status = status
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def attempts(self):
        with self._lock:
            return list(self._got)

    def messages(self):
        return [d for d in self.attempts() if 200 <= d.status < 300]

    def wait_messages(self, count, timeout=60):
        """The messages, once there are at least so many."""
        def enough():
            found = self.messages()
            return found if len(found) >= count else None
        return wait_for(enough, f"{count} messages", timeout)


class Webhook(Receiver):
    """Verifies; an unverified request gets 400 unless secret is None."""

    def __init__(self, secret=SECRET, answer=("status", 200)):
        super().__init__(answer)
        self.secret = secret

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    def judge(self, delivery):
        if self.secret is None:
            delivery.verified = True
            return
        stamp = delivery.headers.get("webhook-timestamp", "")
        want = signature(self.secret, delivery.key, stamp, delivery.body)
        given = delivery.headers.get("webhook-signature", "").split(" ")
        delivery.verified = (
            any(hmac.compare_digest(want, one) for one in given)
            and stamp.isdigit()
            and abs(int(stamp) - time.time()) < TOLERANCE_S)

    def reply(self, delivery):
        if not delivery.verified:
            return ("status", 400, {}, b'{"error":"bad signature"}')
        return self.next_answer()
