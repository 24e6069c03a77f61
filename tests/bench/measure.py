"""What the benchmarks share: CPU time, percentiles, and their table."""
import os
import platform


def cpu_seconds(pids):
    """Time that the threads of these processes spent on a CPU."""
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat",
                      encoding="ascii") as f:
                total += int(f.read().split()[0])
    return total / 1e9


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def machine():
    model = next((line.split(":", 1)[1].strip()
                  for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    return (f"{os.cpu_count()} x {model}, Linux {platform.release()}, "
            f"load {os.getloadavg()[0]:.1f}")


def table(rows, peer, markdown):
    """Rows are (what, tocsin, the peer or None, unit, goal)."""
    lines = [("", "tocsin", peer, "ratio", "aim")]
    for what, ours, theirs, unit, goal in rows:
        lines.append((
            what, f"{ours:.3g} {unit}",
            "" if theirs is None else f"{theirs:.3g} {unit}",
            "" if theirs is None else f"{ours / theirs:.2f}", goal))
    if markdown:
        lines.insert(1, ("---",) * 5)
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)
    widths = [max(len(line[i]) for line in lines) for i in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width
                               in zip(line, widths)).rstrip()
                     for line in lines)
