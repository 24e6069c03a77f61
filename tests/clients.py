"""Clients of others that read what tocsin sends, from the npm registry.

    verdicts = clients.run("verify_webhook.mjs", {"secret": …, …})

run() gives a script of tests/clients/ one JSON value on stdin and returns the
JSON value from its stdout. The packages of tests/clients/package.json, exact
versions, are installed once into build/clients/ (or TOCSIN_TEST_CLIENTS), for
all tests and all runs; a test that cannot have them fails and says so.
"""
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess

from harness import PATIENCE, ROOT

SCRIPTS = ROOT / "tests/clients"
CACHE = pathlib.Path(os.environ.get("TOCSIN_TEST_CLIENTS",
                                    ROOT / "build/clients"))
INSTALL_TIMEOUT_S = 600


@contextlib.contextmanager
def locked(path):
    """One process at a time; the others wait."""
    with open(path, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(folder):
    npm = shutil.which("npm")
    if npm is None:
        raise AssertionError("npm is not installed: deploy/install-deps --test")
    shutil.copy(SCRIPTS / "package.json", folder)
    done = subprocess.run(
        [npm, "install", "--no-package-lock", "--ignore-scripts", "--no-audit",
         "--no-fund", "--no-update-notifier", "--omit=dev", "--omit=optional"],
        cwd=folder, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=INSTALL_TIMEOUT_S)
    if done.returncode != 0:
        raise AssertionError(
            "npm could not install tests/clients/package.json; the npm "
            "registry must be reachable once:\n" + done.stderr[-2000:])


def prepare():
    """The folder with node_modules, for the package.json of now."""
    wanted = (SCRIPTS / "package.json").read_bytes()
    folder = CACHE / hashlib.sha256(wanted).hexdigest()[:16]
    ready = folder / "installed"
    if not ready.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / "lock"):
            if not ready.exists():
                install(folder)
                ready.touch()
    return folder


def run(script, value, timeout=60):
    """What `script` says of `value`; an AssertionError if it fails."""
    node = shutil.which("node")
    if node is None:
        raise AssertionError("node is not installed: deploy/install-deps --test")
    folder = prepare()
    # Node looks for packages from where the script is.
    source = (SCRIPTS / script).read_bytes()
    digest = hashlib.sha256(source).hexdigest()[:16]
    placed = folder / f"{digest}-{script}"
    if not placed.exists():
        fresh = folder / f"{placed.name}.{os.getpid()}"
        fresh.write_bytes(source)
        fresh.rename(placed)
    done = subprocess.run(
        [node, str(placed)], input=json.dumps(value), capture_output=True,
        text=True, check=False, timeout=timeout * PATIENCE)
    if done.returncode != 0:
        raise AssertionError(
            f"{script} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout)
