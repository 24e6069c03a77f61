"""A push service (RFC 8030) with its subscriptions.

    service = WebPush().start()
    alice = service.subscribe()        # {"id", "endpoint", "p256dh", "auth"}
    service.messages()                 # [Delivery, …] that it took
    service.answers[alice["endpoint"]] = ("status", 410)
    service.answer = ("status", 500)   # to everybody
    service.open(service.messages())   # [Push, …]: decrypted, verified
    service.stop()

It refuses (400, 401) what breaks RFC 8030, 8188 or 8292. Pushes are decrypted by
npm's http_ece, and the VAPID token verified by npm's jws: tests/clients/.
"""
import base64
import hashlib
import hmac
import re
import secrets

import clients
from peers.webhook import Receiver

# The browser's key pair of RFC 8291, appendix A. One serves all subscribers;
# their `auth` differs.
PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
PUBLIC = ("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7V"
          "d8pZGH6SRpkNtoIAiw4")
# The sender's of the same place.
VAPID_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
VAPID_PUBLIC = ("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYW"
                "AmS6TlzAC8wEqKK6PBru3jl7A8")
AUTHORIZATION = re.compile(
    r"vapid t=[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}, "
    r"k=[A-Za-z0-9_-]{87}")
URGENCIES = ("very-low", "low", "normal", "high")
BODY_MAX = 4096


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def identity(endpoint):
    """How the agent names a subscription."""
    return hmac.new(b"webpush endpoint\0", endpoint.encode(),
                    hashlib.sha256).hexdigest()[:12]


class WebPush(Receiver):
    def __init__(self):
        super().__init__(None)
        self.auth = {}     # by path
        self.answers = {}  # by endpoint; None: as the real service would

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def subscribe(self):
        path = "/push/" + secrets.token_hex(8)
        self.auth[path] = base64url(secrets.token_bytes(16))
        endpoint = self.origin + path
        return {"id": identity(endpoint), "endpoint": endpoint,
                "p256dh": PUBLIC, "auth": self.auth[path]}

    @staticmethod
    def browser(subscriber):
        """The same as a browser's PushSubscription would tell it."""
        return {"endpoint": subscriber["endpoint"], "expirationTime": None,
                "keys": {"p256dh": subscriber["p256dh"],
                         "auth": subscriber["auth"]}}

    def judge(self, delivery):
        delivery.verified = AUTHORIZATION.fullmatch(
            delivery.headers.get("authorization", "")) is not None

    @staticmethod
    def mistake(delivery):
        """What is wrong with the request, or None."""
        headers, body = delivery.headers, delivery.body
        if delivery.method != "POST":
            return "not a POST"
        if not re.fullmatch(r"[0-9]{1,7}", headers.get("ttl", "")):
            return "TTL must be there (RFC 8030, 5.2)"
        if headers.get("urgency", "normal") not in URGENCIES:
            return "no such urgency"
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", headers.get("topic", "x")):
            return "Topic is not for use (RFC 8030, 5.4)"
        if headers.get("content-encoding") != "aes128gcm":
            return "Content-Encoding must be aes128gcm (RFC 8291)"
        if len(body) > BODY_MAX:
            return "too large"
        if int.from_bytes(body[16:20], "big") != 4096 or body[20:22] != b"A\4":
            return "the header is not that of RFC 8188 with a P-256 key"
        return None

    def reply(self, delivery):
        answer = self.answers.get(self.origin + delivery.path,
                                  self.next_answer())
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer is not None:
            return answer
        if delivery.path not in self.auth:
            return ("status", 404, {}, b"no such subscription")
        if not delivery.verified:
            return ("status", 401, {}, b"VAPID is missing")
        wrong = self.mistake(delivery)
        if wrong is not None:
            return ("status", 413 if wrong == "too large" else 400, {},
                    wrong.encode())
        location = f"{self.origin}/message/{len(self.attempts())}"
        return ("status", 201, {"Location": location}, b"")

    def open(self, deliveries):
        """[{"text", "header", "claims", "verified", "key"}, …]"""
        return clients.run("open_push.mjs", {
            "private": PRIVATE,
            "pushes": [{"auth": self.auth[d.path],
                        "body": base64.b64encode(d.body).decode(),
                        "authorization": d.headers["authorization"]}
                       for d in deliveries]})
