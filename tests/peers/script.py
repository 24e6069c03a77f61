"""A command for the exec channel that behaves as it is told.

    script = Script()
    script.path
    script.mode = "hang"       # from the next run on
    script.attempts()          # [Run, …]: what it was given
    script.messages()          # those that it took: mode "well"
    script.stop()              # removes it

Modes: well · fails (status 1) · later (75) · never (65) · hang · stubborn (and
it ignores SIGTERM) · drip (a byte a second) · flood (of output) · dies (by a
signal, before it has read everything) · leaves (a child that holds its output)
· deaf (reads nothing). move_away() and put_back() the file itself.
"""
import dataclasses
import json
import pathlib
import shutil
import tempfile

TEXT = r'''#!/bin/sh
cd "$(dirname "$0")" || exit 75
mode=$(cat mode)
keep() { # when it is whole
	file="$TOCSIN_DELIVERY.$$"
	cat >"part.$file" && mv "part.$file" "$1.$file"
}
case $mode in
well) keep took; echo "taken as $TOCSIN_DELIVERY" ;;
fails) keep seen; exit 1 ;;
later) keep seen; exit 75 ;;
never) keep seen; exit 65 ;;
hang) keep seen; exec sleep 60 ;;
stubborn) trap '' TERM; keep seen; sleep 60; sleep 60 ;;
drip) keep seen; while :; do printf x; sleep 1; done ;;
flood) keep seen; exec yes ;;
dies) dd bs=10 count=1 >/dev/null 2>&1; kill -9 $$ ;;
leaves) keep seen; sleep 60 & exit 75 ;;
deaf) exec sleep 60 ;;
esac
'''


@dataclasses.dataclass
class Run:
    key: str
    text: str


class Script:
    port = 0

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-script-"))
        self.path = self.folder / "script"
        self.path.write_text(TEXT)
        self.path.chmod(0o755)
        self.mode = "well"

    @property
    def mode(self):
        return (self.folder / "mode").read_text()

    @mode.setter
    def mode(self, mode):
        new = self.folder / "mode.new"
        new.write_text(mode)
        new.rename(self.folder / "mode")

    def move_away(self):
        self.path.rename(self.folder / "away")

    def put_back(self):
        (self.folder / "away").rename(self.path)

    def start(self):
        return self

    def stop(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def _runs(self, pattern):
        texts = [file.read_text() for file in self.folder.glob(pattern)]
        return [Run(json.loads(text)["delivery"], text) for text in texts]

    def attempts(self):
        return self._runs("seen.*") + self.messages()

    def messages(self):
        return self._runs("took.*")
