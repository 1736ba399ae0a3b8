"""How the scripts here measure, as bench/clock.ts does: three calls to warm up, then the best and median of ten."""

import statistics
import time


def milliseconds(call, count=10):
    for _ in range(3):
        call()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return {"best": min(times), "median": statistics.median(times)}
