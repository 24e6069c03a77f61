"""A strict reader of the Prometheus text format 0.0.4, to judge /metrics by.

Refuses what a scraper or a careful person would dislike: a sample without HELP
and TYPE, a family in two places, the same series twice, bad names or escapes,
a counter whose name does not end in _total, histograms that do not add up.
"""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)(?: (-?\d+))?")
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")


class Family:
    def __init__(self, name):
        self.name, self.help, self.type = name, None, None
        self.samples = {}  # (sample name, ((label, value), …)) -> float


def labels_of(text):
    pairs, at = [], 0
    while text and at < len(text):
        match = LABEL.match(text, at)
        assert match, f"bad labels: {text!r}"
        pairs.append((match[1], match[2]))
        at = match.end()
        if at < len(text):
            assert text[at] == ",", f"bad labels: {text!r}"
            at += 1
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a label twice: {text!r}"
    return tuple(sorted(pairs))


def number(text):
    special = {"+Inf": float("inf"), "-Inf": float("-inf"),
               "NaN": float("nan")}
    return special[text] if text in special else float(text)


def belongs(sample, family):
    if sample == family.name:
        return family.type not in ("histogram",)
    endings = {"histogram": ("_bucket", "_sum", "_count"),
               "summary": ("_sum", "_count")}.get(family.type, ())
    return any(sample == family.name + ending for ending in endings)


def parse(text):
    """{family name: Family}; AssertionError where the text is wrong."""
    assert text.endswith("\n"), "the last line has no end"
    families, current = {}, None
    for line in text[:-1].split("\n"):
        if line.startswith("# "):
            word, name, rest = (line[2:].split(" ", 2) + [""])[:3]
            assert word in ("HELP", "TYPE"), f"unknown comment: {line!r}"
            assert re.fullmatch(NAME, name), f"bad name: {line!r}"
            if current is None or current.name != name:
                assert name not in families, f"{name} in two places"
                current = families[name] = Family(name)
            if word == "HELP":
                assert current.help is None, f"HELP of {name} twice"
                assert rest, f"HELP of {name} is empty"
                current.help = rest
            else:
                assert current.type is None, f"TYPE of {name} twice"
                assert rest in TYPES, f"unknown type: {line!r}"
                assert not current.samples, f"TYPE of {name} after samples"
                current.type = rest
            continue
        match = SAMPLE.fullmatch(line)
        assert match, f"not a sample: {line!r}"
        assert current and current.type and current.help, \
            f"no HELP and TYPE before {line!r}"
        assert belongs(match[1], current), \
            f"{match[1]} stands under {current.name}"
        key = (match[1], labels_of(match[2]))
        assert key not in current.samples, f"twice: {line!r}"
        current.samples[key] = number(match[3])
    for family in families.values():
        check(family)
    return families


def check(family):
    name = family.name
    if family.type == "counter":
        assert name.endswith("_total"), f"counter {name} without _total"
        assert all(v >= 0 for v in family.samples.values()), f"{name} < 0"
    if family.type == "gauge":
        assert not name.endswith("_total"), f"gauge {name} ends in _total"
    if family.type == "histogram":
        check_histogram(family)


def check_histogram(family):
    series = {}
    for (sample, labels), value in family.samples.items():
        if sample == family.name + "_bucket":
            rest = tuple(pair for pair in labels if pair[0] != "le")
            bound = number(dict(labels)["le"])
            series.setdefault(rest, []).append((bound, value))
    for rest, buckets in series.items():
        buckets.sort()
        counts = [count for _, count in buckets]
        assert counts == sorted(counts), f"{family.name}: buckets fall"
        assert buckets[-1][0] == float("inf"), f"{family.name}: no +Inf"
        total = family.samples[(family.name + "_count", rest)]
        assert total == counts[-1], f"{family.name}: _count differs"


def value(families, sample, **labels):
    """The value of one series, or None."""
    wanted = set(labels.items())
    for family in families.values():
        for (name, pairs), found in family.samples.items():
            if name == sample and wanted <= set(pairs):
                return found
    return None
