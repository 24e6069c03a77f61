"""A real browser, driven over its DevTools protocol through a pipe.

    browser = Chromium().start()
    page = browser.open(url, before="window.x = 1")   # a script runs first
    page.run("document.title")          # awaits promises; the value
    page.wait("x === 1", "what for")
    page.picture(file)                  # a PNG
    browser.grant(origin, "notifications", "granted")
    browser.stop()

It has a profile of its own and reaches loopback only.
"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

from harness import PATIENCE, wait_for

START_S = 60
ANSWER_S = 60
FLAGS = ("--headless=new", "--remote-debugging-pipe", "--no-sandbox",
         "--disable-gpu", "--no-first-run", "--disable-extensions",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-dev-shm-usage", "--mute-audio",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")


class Page:
    """One tab, or a service worker."""

    def __init__(self, browser, target):
        self.browser = browser
        self.target = target
        self.session = browser.ask("Target.attachToTarget", targetId=target,
                                   flatten=True)["sessionId"]

    def ask(self, method, **params):
        return self.browser.ask(method, self.session, **params)

    def run(self, script):
        done = self.ask("Runtime.evaluate", expression=script,
                        awaitPromise=True, returnByValue=True,
                        userGesture=True)
        if "exceptionDetails" in done:
            raise AssertionError(f"{script}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def wait(self, script, what, timeout=30):
        return wait_for(lambda: self.run(script), what, timeout)

    def complaints(self):
        """What stands in its console as a warning or an error."""
        found = []
        for event in self.browser.events("Log.entryAdded", self.session):
            entry = event["entry"]
            if entry["level"] in ("warning", "error"):
                found.append(entry["text"])
        return found

    def picture(self, file):
        data = self.ask("Page.captureScreenshot", format="png")["data"]
        pathlib.Path(file).write_bytes(base64.b64decode(data))

    def close(self):
        self.browser.ask("Target.closeTarget", targetId=self.target)


class Chromium:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-web-"))
        self.process = None
        self._lock = threading.Condition()
        self._answers = {}
        self._events = []
        self._next = 0
        self._ended = False

    def start(self):
        program = shutil.which("chromium")
        if program is None:
            raise AssertionError(
                "chromium is not installed: deploy/install-deps --test")
        # It reads commands from descriptor 3 and answers on 4.
        to_read, self._to = os.pipe()
        self._from, from_write = os.pipe()
        shell = f"exec 3<&{to_read} 4>&{from_write}; exec \"$@\""
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", shell, "sh", program, *FLAGS,
                 f"--user-data-dir={self.folder / 'profile'}", "about:blank"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=(to_read, from_write),
                env=dict(os.environ, HOME=str(self.folder)))
        os.close(to_read)
        os.close(from_write)
        threading.Thread(target=self._read, daemon=True).start()
        self.ask("Target.setDiscoverTargets", discover=True, timeout=START_S)
        return self

    def _read(self):
        rest = b""
        while True:
            try:
                chunk = os.read(self._from, 65536)
            except OSError:
                chunk = b""
            with self._lock:
                if not chunk:
                    self._ended = True
                    self._lock.notify_all()
                    return
                *whole, rest = (rest + chunk).split(b"\0")
                for text in whole:
                    said = json.loads(text)
                    if "id" in said:
                        self._answers[said["id"]] = said
                    else:
                        self._events.append(said)
                self._lock.notify_all()

    def ask(self, method, session=None, timeout=ANSWER_S, **params):
        with self._lock:
            self._next += 1
            number = self._next
        command = {"id": number, "method": method, "params": params}
        if session is not None:
            command["sessionId"] = session
        os.write(self._to, json.dumps(command).encode() + b"\0")
        with self._lock:
            self._lock.wait_for(
                lambda: number in self._answers or self._ended,
                timeout * PATIENCE)
            said = self._answers.pop(number, None)
        if said is None or "error" in said:
            raise AssertionError(
                f"{method}: {said}\n" + self.log()[-2000:])
        return said["result"]

    def events(self, method, session=None):
        with self._lock:
            return [event["params"] for event in self._events
                    if event["method"] == method
                    and session in (None, event.get("sessionId"))]

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def grant(self, origin, name, setting):
        self.ask("Browser.setPermission", permission={"name": name},
                 setting=setting, origin=origin)

    def open(self, url, before="", width=360, height=740, dark=False):
        """A tab as wide as a phone, once it is loaded."""
        page = Page(self, self.ask("Target.createTarget",
                                   url="about:blank")["targetId"])
        for domain in ("Page", "Runtime", "Log"):
            page.ask(f"{domain}.enable")
        page.ask("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=2, mobile=True)
        page.ask("Emulation.setEmulatedMedia", features=[{
            "name": "prefers-color-scheme",
            "value": "dark" if dark else "light"}])
        if before:
            page.ask("Page.addScriptToEvaluateOnNewDocument", source=before)
        page.ask("Page.navigate", url=url)
        page.wait(f"location.href === {json.dumps(url)} && "
                  "document.readyState === 'complete'", f"{url} to load")
        return page

    def service_worker(self, origin):
        """Its running service worker, as something to run scripts in."""
        def find():
            for target in self.ask("Target.getTargets")["targetInfos"]:
                if target["type"] == "service_worker" and \
                        target["url"].startswith(origin + "/"):
                    return target["targetId"]
            return None
        return Page(self, wait_for(find, "a service worker"))

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in (self._to, self._from):
            os.close(fd)
        shutil.rmtree(self.folder, ignore_errors=True)
