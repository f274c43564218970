"""What ``/metrics`` shows, for Prometheus; a registry for each app, so that apps do not share counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from bertolt.serving.scheduler import Scheduler

_TOKENS = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Meters:
    """The counters of one app."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"bertolt_{name}", text, labels, registry=self._registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"bertolt_{name}", text, labels, registry=self._registry, buckets=buckets)

        self._watched: list[Scheduler] = []
        self._gauge("queue_inputs", "Inputs accepted and not yet answered.", lambda queue: queue.rows)
        self._gauge("queue_characters", "Their characters.", lambda queue: queue.characters)
        self.computed = counter("inputs_computed", "Inputs that the model has computed.")
        self.cancelled = counter("inputs_cancelled", "Inputs whose client went away before they were begun.")
        self.expired = counter("inputs_expired", "Inputs that waited too long and were not begun.")
        self.replaced = counter("workers_replaced", "Workers that were stuck or ended.")
        self.refused = counter("refusals", "Requests that were refused.", "reason")
        self.latency = histogram(
            "request_seconds", "From a request's headers to its answer.", _SECONDS, "route", "status"
        )
        self._batch_tokens = histogram("batch_tokens", "Tokens of a batch, padding included.", _TOKENS)
        self._batch_rows = histogram("batch_inputs", "Inputs of a batch.", _ROWS)
        self._batch_seconds = histogram("batch_seconds", "How long a batch computes.", _SECONDS)

    def _gauge(self, name: str, text: str, read: Callable[[Scheduler], int]) -> None:
        gauge = Gauge(f"bertolt_{name}", text, registry=self._registry)
        gauge.set_function(lambda: sum(map(read, self._watched)))

    def watch(self, scheduler: Scheduler) -> None:
        """Counts a queue in the length of all queues."""
        self._watched.append(scheduler)

    def unwatch(self, scheduler: Scheduler) -> None:
        """Counts a queue no more."""
        if scheduler in self._watched:
            self._watched.remove(scheduler)

    def batch(self, tokens: int, rows: int, seconds: float) -> None:
        """Notes a computed batch."""
        self._batch_tokens.observe(tokens)
        self._batch_rows.observe(rows)
        self._batch_seconds.observe(seconds)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
