#!/usr/bin/python3
"""The file channel, as a pipeline reads it."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Case, main  # noqa: E402
from path_worker import PathWorker, message  # noqa: E402


class FileChannel(Case):
    def worker(self, path):
        made = PathWorker("file", {"path": str(path)})
        self.addCleanup(made.stop)
        return made

    def test_a_line_for_each_message(self):
        path = self.folder / "alerts.jsonl"
        worker = self.worker(path)
        sent = [message(event, number) for number, event in
                enumerate(("opened", "acknowledged", "resolved"), 1)]
        for made in sent:
            receipt = worker.deliver(made)
            self.assertEqual(receipt["status"], "delivered", receipt)
        receipt = worker.deliver(sent[-1])
        self.assertEqual(receipt["status"], "delivered", receipt)
        worker.end()
        lines = path.read_text().splitlines()
        self.assertEqual([json.loads(line) for line in lines], sent)
        self.assertEqual(path.stat().st_mode & 0o7777, 0o600)

    def test_a_missing_folder_is_waited_for(self):
        folder = self.folder / "later"
        worker = self.worker(folder / "alerts.jsonl")
        receipt = worker.deliver(message())
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("No such file", receipt["detail"])
        folder.mkdir()
        self.assertEqual(worker.deliver(message())["status"], "delivered")
        worker.end()

    def test_a_device_is_no_file(self):
        worker = self.worker("/dev/full")
        receipt = worker.deliver(message())
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("not a regular file", receipt["detail"])
        worker.end()

    def test_a_path_that_is_not_absolute(self):
        for path in ("-", "alerts.jsonl"):
            with self.subTest(path):
                worker = self.worker(path)
                with self.assertRaisesRegex(AssertionError, "path"):
                    worker.read()


if __name__ == "__main__":
    main()
