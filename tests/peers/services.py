"""Chat and paging services as their webhooks see us: each checks a request to
the letter of its documentation, keeps the faults it finds, and answers as the
service does.

    slack = Slack().start()
    slack.url           # where messages go
    slack.faults()      # [] if every request was right
    slack.answer = ("status", 404, {}, b"no_service")   # instead of its own

A request with a fault gets what the service says of such a request.
"""
import json
import re
import urllib.parse

from peers.webhook import Receiver

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
LINK = re.compile(r"https?://[^\s<>|\"]+$")
OWN = ("own",)  # answer as the service does


class Fault(Exception):
    """What is wrong with a request."""


def need(condition, what):
    if not condition:
        raise Fault(what)


def units(text):
    """Characters as these services count them."""
    return len(text.encode("utf-16-le")) // 2


def text(value, most, what, least=1):
    need(isinstance(value, str), f"{what} is no string: {value!r}")
    need(least <= units(value) <= most,
         f"{what} has {units(value)} characters, {least} to {most} allowed")
    bad = re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
                    r"\u2028\u2029]", value)
    need(not bad, f"{what} has {bad!r} in it")


def members(value, required, optional, what):
    need(isinstance(value, dict), f"{what} is no object: {value!r}")
    missing = set(required) - set(value)
    need(not missing, f"{what} lacks {missing}")
    odd = set(value) - set(required) - set(optional)
    need(not odd, f"{what} has unknown members: {odd}")


class Service(Receiver):
    """A Receiver that checks; subclasses say what, and what they answer."""

    content_type = "application/json"

    def __init__(self):
        super().__init__(answer=OWN)
        self.found = []

    def faults(self):
        return list(self.found)

    def bodies(self):
        return [d.json() for d in self.messages()]

    def judge(self, delivery):
        delivery.fault = None
        try:
            need(delivery.method == "POST", f"method {delivery.method}")
            given = delivery.headers.get("content-type", "")
            need(given.replace(" ", "").lower() in (
                self.content_type, self.content_type + ";charset=utf-8"),
                f"content type {given!r}")
            body = json.loads(delivery.body.decode())
            self.check(delivery, body)
        except (Fault, ValueError) as fault:
            delivery.fault = str(fault)
            self.found.append(str(fault))

    def check(self, delivery, body):
        """Raise Fault if it is not as documented."""

    def reply(self, delivery):
        answer = self.next_answer()
        if answer != OWN:
            return answer
        return self.refuse(delivery) if delivery.fault else self.accept(
            delivery)

    def accept(self, delivery):
        raise NotImplementedError

    def refuse(self, delivery):
        return ("status", 400, {}, json.dumps(
            {"message": delivery.fault}).encode())


class Slack(Service):
    """Incoming webhooks; Block Kit's limits."""

    path = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    @staticmethod
    def check_plain(value, what):
        need(not re.search(r"[<>]|&(?!(amp|lt|gt);)", value),
             f"{what} is not escaped: {value!r}")

    def check_text(self, obj, most, kinds, what):
        need(obj.get("type") in kinds, f"{what} is {obj.get('type')}")
        text(obj.get("text"), most, what)
        if obj["type"] == "plain_text":
            members(obj, {"type", "text"}, {"emoji"}, what)
            self.check_plain(obj["text"], what)
            return
        members(obj, {"type", "text"}, {"verbatim"}, what)
        need(obj.get("verbatim") is True, f"{what} makes links by itself")
        for link in re.findall(r"<[^>]*>", obj["text"]):
            need(re.fullmatch(r"<https?://[^|<>\s]+\|[A-Za-z ]+>", link),
                 f"{what} has {link!r} in it")

    def check_block(self, block):
        kind = block.get("type")
        if kind == "context":
            members(block, {"type", "elements"}, {"block_id"}, kind)
            need(1 <= len(block["elements"]) <= 10, "elements of a context")
            for element in block["elements"]:
                self.check_text(element, 3000, {"plain_text", "mrkdwn"}, kind)
            return
        need(kind in ("header", "section"), f"a block is {kind}")
        members(block, {"type", "text"}, {"block_id"}, kind)
        if kind == "header":
            self.check_text(block["text"], 150, {"plain_text"}, kind)
        else:
            self.check_text(block["text"], 3000, {"plain_text", "mrkdwn"},
                            kind)

    def check(self, delivery, body):
        need(delivery.path == self.path, f"path {delivery.path}")
        members(body, {"text", "blocks", "attachments"},
                {"mrkdwn", "unfurl_links", "unfurl_media"}, "the message")
        text(body["text"], 40000, "text")
        self.check_plain(body["text"], "text")
        need(body.get("unfurl_links") is False, "links are fetched")
        blocks = list(body["blocks"])
        need(len(body["attachments"]) <= 100, "attachments")
        for attachment in body["attachments"]:
            members(attachment, {"color", "blocks"}, {"fallback"},
                    "an attachment")
            need(re.fullmatch("#[0-9a-f]{6}", attachment["color"]), "color")
            blocks += attachment["blocks"]
        need(len(blocks) <= 50, f"{len(blocks)} blocks")
        for block in blocks:
            self.check_block(block)

    def accept(self, delivery):
        return ("status", 200, {"Content-Type": "text/html"}, b"ok")

    def refuse(self, delivery):
        return ("status", 400, {}, b"invalid_blocks")


class Teams(Service):
    """A workflow's "When a Teams webhook request is received"."""

    path = "/workflows/0123abcd/triggers/manual/paths/invoke"
    query = "api-version=2016-06-01&sig=abc-DEF_123"
    colours = {"default", "accent", "good", "warning", "attention"}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}?{self.query}"

    def check_run(self, run):
        members(run, {"type", "text"}, {"size", "weight", "color", "isSubtle"},
                "a run")
        need(run["type"] == "TextRun", f"an inline is {run['type']}")
        text(run["text"], 5000, "a run")
        need(run.get("size", "default") in ("small", "Small", "default",
                                            "medium", "large", "Large"), "size")
        need(run.get("weight", "Default") in ("Default", "Bolder"), "weight")
        need(run.get("color", "default") in self.colours, "color")

    def check_item(self, item):
        kind = item.get("type")
        if kind == "Container":
            members(item, {"type", "items"}, {"style", "bleed"}, kind)
            need(item.get("style") in self.colours - {"default"} | {"emphasis"},
                 f"style {item.get('style')}")
            for inner in item["items"]:
                self.check_item(inner)
            return
        # A TextBlock would read Markdown.
        need(kind == "RichTextBlock", f"an item is {kind}")
        members(item, {"type", "inlines"}, {"spacing"}, kind)
        for run in item["inlines"]:
            self.check_run(run)

    def check_card(self, card):
        members(card, {"type", "version", "body"},
                {"$schema", "actions", "msteams", "fallbackText"}, "the card")
        need(card["type"] == "AdaptiveCard", card["type"])
        need(card["version"] in ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5"),
             "version")
        members(card.get("msteams", {}), (), {"width"}, "msteams")
        need(len(card.get("actions", [])) <= 6, "actions")
        for item in card["body"]:
            self.check_item(item)
        for one in card.get("actions", []):
            members(one, {"type", "title", "url"}, (), "an action")
            need(one["type"] == "Action.OpenUrl", one["type"])
            need(LINK.match(one["url"]), f"url {one['url']}")

    def check(self, delivery, body):
        need(delivery.path == f"{self.path}?{self.query}", delivery.path)
        need("utf-8" in delivery.headers["content-type"].lower(),
             "without a character set it counts double")
        need(len(delivery.body) <= 28 * 1024, f"{len(delivery.body)} bytes")
        need(2 * units(delivery.body.decode()) <= 28 * 1024,
             "too big in UTF-16")
        members(body, {"type", "attachments"}, (), "the message")
        need(body["type"] == "message", "type")
        for one in body["attachments"]:
            members(one, {"contentType", "content"}, {"contentUrl"},
                    "an attachment")
            need(one["contentType"]
                 == "application/vnd.microsoft.card.adaptive", "contentType")
            self.check_card(one["content"])

    def accept(self, delivery):
        return ("status", 202, {"x-ms-workflow-run-id":
                                f"0858500{len(self.attempts())}CU01"}, b"")

    def refuse(self, delivery):
        return ("status", 400, {}, json.dumps({"error": {
            "code": "TriggerInputSchemaMismatch",
            "message": delivery.fault}}).encode())


class Discord(Service):
    """Execute Webhook; the limits of an embed."""

    path = "/api/webhooks/223704706495545344/3d89bb7572e0fb30d8128367b3b1b44f"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    def check_markdown(self, value, what):
        """Nothing special but what is escaped and our own links."""
        left = re.sub(r"\[[A-Za-z ]+\]\(<https?://[^<>\s]+>\)", "", value)
        left = re.sub(r"\\[^0-9A-Za-z\s]", "", left)
        if LINK.match(left):
            return
        need(not re.search(r"[\\`*_~|<>\[\]()#@]|^[-+] ", left),
             f"{what} has Markdown in it: {value!r}")

    def check_field(self, field):
        members(field, {"name", "value"}, {"inline"}, "a field")
        text(field["name"], 256, "a field's name")
        text(field["value"], 1024, "a field's value")
        self.check_markdown(field["name"], "a field's name")
        self.check_markdown(field["value"], "a field's value")

    def check_embed(self, embed):
        members(embed, {"title", "color"},
                {"description", "timestamp", "footer", "fields", "url"},
                "an embed")
        text(embed["title"], 256, "title")
        self.check_markdown(embed["title"], "title")
        text(embed.get("description", "-"), 4096, "description")
        self.check_markdown(embed.get("description", ""), "description")
        members(embed.get("footer", {}), (), {"text"}, "footer")
        text(embed["footer"]["text"], 2048, "footer")
        need(isinstance(embed["color"], int) and
             0 <= embed["color"] <= 0xffffff, "color")
        need(RFC3339.match(embed["timestamp"]), "timestamp")
        fields = embed.get("fields", [])
        need(len(fields) <= 25, f"{len(fields)} fields")
        for field in fields:
            self.check_field(field)
        total = sum(map(units, (
            embed["title"], embed.get("description", ""),
            embed["footer"]["text"],
            *(f["name"] + f["value"] for f in fields))))
        need(total <= 6000, f"{total} characters in all")

    def check(self, delivery, body):
        path, _, query = delivery.path.partition("?")
        need(path == self.path, f"path {path}")
        need(urllib.parse.parse_qs(query).get("wait") == ["true"],
             f"query {query}")
        members(body, {"embeds", "allowed_mentions"}, {"content"},
                "the message")
        text(body.get("content", "-"), 2000, "content")
        need(body["allowed_mentions"] == {"parse": []}, "mentions")
        need(1 <= len(body["embeds"]) <= 10, "embeds")
        for embed in body["embeds"]:
            self.check_embed(embed)

    def accept(self, delivery):
        return ("status", 200, {
            "Content-Type": "application/json",
            "X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "4",
            "X-RateLimit-Reset-After": "2.000"}, json.dumps({
                "id": str(1100000000000000000 + len(self.attempts())),
                "type": 0, "content": "", "channel_id": "1"}).encode())

    def refuse(self, delivery):
        return ("status", 400, {}, json.dumps(
            {"code": 50035, "message": "Invalid Form Body",
             "errors": delivery.fault}).encode())


class PagerDuty(Service):
    """Events API v2, with its alerts: alerts[dedup_key] is their status."""

    key = "0123456789abcdef0123456789abcdef"

    def __init__(self):
        super().__init__()
        self.alerts = {}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v2/enqueue"

    def check_payload(self, payload):
        members(payload, {"summary", "source", "severity"},
                {"timestamp", "component", "group", "class", "custom_details"},
                "payload")
        text(payload["summary"], 1024, "summary")
        text(payload["source"], 255, "source")
        need(payload["severity"] in ("critical", "error", "warning", "info"),
             f"severity {payload['severity']}")
        need(RFC3339.match(payload["timestamp"]), "timestamp")
        need(isinstance(payload.get("custom_details", {}), dict), "details")

    def check(self, delivery, body):
        need(delivery.path == "/v2/enqueue", f"path {delivery.path}")
        need(len(delivery.body) <= 512 * 1024, "too big")
        members(body, {"routing_key", "event_action", "dedup_key"},
                {"payload", "links", "images", "client", "client_url"},
                "the event")
        need(body["routing_key"] == self.key,
             "'routing_key' is not a known routing key")
        text(body["dedup_key"], 255, "dedup_key")
        need(body["event_action"] in ("trigger", "acknowledge", "resolve"),
             "event_action")
        if body["event_action"] == "trigger":
            self.check_payload(body.get("payload"))
        for link in body.get("links", []):
            members(link, {"href"}, {"text"}, "a link")
            need(LINK.match(link["href"]), f"link {link}")

    def accept(self, delivery):
        body = delivery.json()
        key, what = body["dedup_key"], body["event_action"]
        now = self.alerts.get(key)
        if what == "trigger":
            self.alerts[key] = "acknowledged" if now == "acknowledged" \
                else "triggered"
        elif now in ("triggered", "acknowledged"):
            self.alerts[key] = what + ("d" if what[-1] == "e" else "")
        return ("status", 202, {}, json.dumps({
            "status": "success", "message": "Event processed",
            "dedup_key": key}).encode())

    def refuse(self, delivery):
        return ("status", 400, {}, json.dumps({
            "status": "invalid event", "message": "Event object is invalid",
            "errors": [delivery.fault]}).encode())


class Opsgenie(Service):
    """Alert API v2: alerts[alias] is what became of each."""

    key = "eb243592-faa2-4ba2-a551-1afdf565c889"

    def __init__(self):
        super().__init__()
        self.alerts = {}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def check_new(self, body):
        members(body, {"message"}, {"alias", "description", "tags", "details",
                                    "entity", "source", "priority", "user",
                                    "note"}, "the alert")
        text(body["message"], 130, "message")
        text(body["alias"], 512, "alias")
        text(body["description"], 15000, "description")
        text(body["entity"], 512, "entity", least=0)
        text(body["source"], 100, "source")
        need(body["priority"] in ("P1", "P2", "P3", "P4", "P5"), "priority")
        need(len(body["tags"]) <= 20, "tags")
        for tag in body["tags"]:
            text(tag, 50, "a tag")
        need(all(isinstance(v, str) for v in body["details"].values()),
             "details are strings")
        need(sum(units(k) + units(v) for k, v in body["details"].items())
             <= 8000, "details are too long")

    def check_action(self, body):
        members(body, (), {"note", "user", "source"}, "the action")
        text(body.get("note", ""), 25000, "note", least=0)
        text(body.get("user", "-"), 100, "user")
        text(body.get("source", "-"), 100, "source")

    @staticmethod
    def what(delivery):
        """(action or None for a new alert, alias)"""
        path, _, query = delivery.path.partition("?")
        if path == "/v2/alerts" and not query:
            return None, delivery.json()["alias"]
        found = re.fullmatch(
            r"/v2/alerts/([^/]+)/(acknowledge|close|notes)", path)
        need(found and query == "identifierType=alias",
             f"path {delivery.path}")
        return found[2], urllib.parse.unquote(found[1])

    def check(self, delivery, body):
        delivery.denied = delivery.headers.get(
            "authorization") != f"GenieKey {self.key}"
        if self.what(delivery)[0] is None:
            self.check_new(body)
        else:
            self.check_action(body)

    def accept(self, delivery):
        if delivery.denied:
            return ("status", 401, {}, json.dumps({
                "message": "Could not authenticate", "took": 0.001,
                "requestId": "r-0"}).encode())
        what, alias = self.what(delivery)
        if what is None:
            self.alerts[alias] = ["open"]
        else:
            self.alerts.setdefault(alias, []).append(what)
        return ("status", 202, {}, json.dumps({
            "result": "Request will be processed", "took": 0.302,
            "requestId": f"43a29c5c-3dbf-4fa4-9c26-{len(self.attempts()):012}",
        }).encode())

    def refuse(self, delivery):
        return ("status", 422, {}, json.dumps({
            "message": "Request body is not processable. Please check the "
                       "errors.",
            "errors": {"message": delivery.fault}, "took": 0.0,
            "requestId": "r-1"}).encode())
