"""A server that takes messages as Pushover's does, receipts included.

    pushover = Pushover().start()
    pushover.messages()             # [Delivery, …] that it took
    pushover.sent()                 # [{"title", "message", …}, …]
    pushover.acknowledge(receipt, device="phone")
    pushover.expire(receipt)
    pushover.cancelled              # [receipt, …]
    pushover.answer = ("status", 500)
    pushover.stop()

`answer` None means: as the real service would, which refuses what breaks a
rule of its API; else as in peers/webhook.py.
"""
import json
import re
import urllib.parse

from peers.webhook import Receiver

TOKEN = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
USER = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
KEY = re.compile(r"[A-Za-z0-9]{30}")
MEMBERS = {"token", "user", "device", "title", "message", "priority", "retry",
           "expire", "sound", "timestamp", "url", "url_title"}
LIMITS = (("message", 1024), ("title", 250), ("url", 512), ("url_title", 100))


class Pushover(Receiver):
    def __init__(self, answer=None):
        super().__init__(answer)
        self.receipts = {}
        self.cancelled = []
        self.left = 7496

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def headers(self):
        return {"Content-Type": "application/json; charset=utf-8",
                "X-Limit-App-Limit": "10000",
                "X-Limit-App-Remaining": str(self.left),
                "X-Limit-App-Reset": "1796083200"}

    def says(self, http, **members):
        members.setdefault("status", 1 if http == 200 else 0)
        members["request"] = "5042853c-402d-4a18-abcb-168734a801de"
        return ("status", http, self.headers(), json.dumps(members).encode())

    def wrong(self, *errors, **members):
        return self.says(400, errors=list(errors), **members)

    def judge(self, delivery):
        delivery.verified = True

    def reply(self, delivery):
        answer = self.next_answer()
        if answer is not None:
            return answer
        parts = urllib.parse.urlsplit(delivery.path)
        if (delivery.method, parts.path) == ("POST", "/1/messages.json"):
            return self.take_message(delivery)
        found = re.fullmatch(r"/1/receipts/([A-Za-z0-9]{30})(/cancel)?\.json",
                             parts.path)
        if found is None:
            return self.says(404, errors=["resource not found"])
        if found[2] and delivery.method == "POST":
            return self.cancel(delivery, found[1])
        if not found[2] and delivery.method == "GET":
            given = urllib.parse.parse_qs(parts.query)
            return self.show(found[1], given.get("token"))
        return self.says(404, errors=["resource not found"])

    def take_message(self, delivery):
        if delivery.headers.get("content-type") != "application/json":
            return self.wrong("application token must be supplied",
                              token="invalid")
        message = delivery.json()
        if set(message) - MEMBERS:
            return self.wrong(f"unknown: {set(message) - MEMBERS}")
        if message.get("token") != TOKEN:
            return self.wrong("application token is invalid", token="invalid")
        users = message.get("user", "").split(",")
        if not all(KEY.fullmatch(user) for user in users):
            return self.wrong("user identifier is not a valid user, group, or "
                              "subscribed user key", user="invalid")
        if not message.get("message"):
            return self.wrong("message cannot be blank", message="cannot be "
                                                                 "blank")
        for name, most in LIMITS:
            if len(message.get(name, "")) > most:
                return self.wrong(f"{name} is too long", **{name: "too long"})
        if message.get("priority") not in range(-2, 3):
            return self.wrong("priority is invalid")
        emergency = message["priority"] == 2
        if emergency and not 30 <= message.get("retry", 0):
            return self.wrong("retry must be at least 30 seconds")
        if emergency and not 0 < message.get("expire", 0) <= 10800:
            return self.wrong("expire must be less than 10800 seconds")
        if not emergency:
            return self.says(200)
        receipt = f"r{len(self.receipts):029d}"
        self.receipts[receipt] = {
            "acknowledged": 0, "acknowledged_at": 0, "acknowledged_by": "",
            "acknowledged_by_device": "", "last_delivered_at": 1795320000,
            "expired": 0, "expires_at": 1795330800, "called_back": 0,
            "called_back_at": 0}
        return self.says(200, receipt=receipt)

    def show(self, receipt, tokens):
        if tokens != [TOKEN]:
            return self.wrong("application token is invalid", token="invalid")
        if receipt not in self.receipts:
            return self.says(404, errors=["receipt not found; may be invalid "
                                          "or expired"],
                             receipt="not found")
        return self.says(200, **self.receipts[receipt])

    def cancel(self, delivery, receipt):
        if delivery.json() != {"token": TOKEN}:
            return self.wrong("application token is invalid", token="invalid")
        if receipt not in self.receipts:
            return self.says(404, errors=["receipt not found; may be invalid "
                                          "or expired"])
        self.cancelled.append(receipt)
        return self.says(200)

    def acknowledge(self, receipt, device="phone"):
        self.receipts[receipt].update(
            acknowledged=1, acknowledged_at=1795320060, acknowledged_by=USER,
            acknowledged_by_device=device)

    def expire(self, receipt):
        self.receipts[receipt].update(expired=1)

    def sent(self):
        return [delivery.json() for delivery in self.messages()
                if delivery.path == "/1/messages.json"]
