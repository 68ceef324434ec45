"""The virtual clock and the unreliable network of every simulated world, random by seed.

A message is lost, late, or comes twice; two messages overtake one another because each draws its
own delay. Nothing here knows what is carried.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random

Action = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad a network is: chances of loss and of doubling, and the longest delay."""

    loss: float
    twice: float
    latency_ms: int

    @classmethod
    def of(cls, random: Random) -> Weather:
        """Draw a mix, so that some seeds combine what others leave out."""
        return cls(
            random.choice((0.0, 0.05, 0.3)),
            random.choice((0.0, 0.1)),
            random.choice((100, 2_000, 40_000)),
        )


CALM = Weather(0.0, 0.0, 1)


class Air:
    """The clock of a world, what will happen on it, and the network under its weather."""

    def __init__(self, random: Random, weather: Weather) -> None:
        self.now_ms = 0
        self.weather = weather
        self._random = random
        self._queue: list[tuple[int, int, Action]] = []
        self._count = 0
        self._travelling = 0
        self.landed = 0
        """How many messages have arrived."""

    @property
    def is_quiet(self) -> bool:
        """Whether no message is under way."""
        return self._travelling == 0

    def later(self, delay_ms: int, action: Action) -> None:
        """Let something happen after a while."""
        self._count += 1
        heapq.heappush(self._queue, (self.now_ms + delay_ms, self._count, action))

    def carry(self, delivery: Action) -> None:
        """Carry a message as the weather allows."""
        random, weather = self._random, self.weather
        if weather.loss and random.random() < weather.loss:
            return
        doubled = weather.twice and random.random() < weather.twice
        for _ in range(2 if doubled else 1):
            self._travelling += 1
            self.later(1 + int(random.random() * weather.latency_ms), lambda: self._land(delivery))

    def advance(self, until_ms: int) -> None:
        """Let time pass, and what is due happen in its order."""
        queue = self._queue
        while queue and queue[0][0] <= until_ms:
            due_ms, _, action = heapq.heappop(queue)
            self.now_ms = max(self.now_ms, due_ms)
            action()
        self.now_ms = until_ms

    def _land(self, delivery: Action) -> None:
        self._travelling -= 1
        self.landed += 1
        delivery()


class Timer:
    """A deadline that the next one replaces."""

    def __init__(self, air: Air, ring: Action) -> None:
        self._air, self._ring = air, ring
        self._number = 0

    def set(self, at_ms: int | None) -> None:
        """Ring at a moment, None: not at all."""
        self._number += 1
        if at_ms is not None:
            number = self._number
            self._air.later(max(0, at_ms - self._air.now_ms), lambda: self._due(number))

    def _due(self, number: int) -> None:
        if number == self._number:
            self._ring()


class Lots:
    """Draws one of several names, each as often as its weight says."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._names = list(weights)
        self._sums = list(accumulate(weights.values()))

    def draw(self, random: Random) -> str:
        """Return a name."""
        return random.choices(self._names, cum_weights=self._sums)[0]
