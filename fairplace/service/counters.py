"""What a worker has done, for whoever watches it: counts of answers, time taken, what is under way."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass
class Counters:
    """Counts of one worker since it began.

    Parameters
    ----------
    answers
        (Route, status) -> how many. The route is the pattern, never the address, so that an address
        made up by a caller adds nothing.
    seconds
        Route -> seconds spent.
    in_flight
        Requests at work now.
    """

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    in_flight: int = 0

    def text(self) -> str:
        """Write the counts in the text format of Prometheus.

        Whichever worker is asked answers, so each count says whose it is; one that falls or is missing for a
        while is not that of a worker that has begun anew.
        """
        here = f'worker="{os.getpid()}"'
        lines = ["# TYPE fairplace_answers_total counter"]
        lines += [
            f'fairplace_answers_total{{{here},route="{route}",status="{status}"}} {number}'
            for (route, status), number in sorted(self.answers.items())
        ]
        lines += ["# TYPE fairplace_answer_seconds_total counter"]
        lines += [
            f'fairplace_answer_seconds_total{{{here},route="{route}"}} {seconds:.6f}'
            for route, seconds in sorted(self.seconds.items())
        ]
        lines += ["# TYPE fairplace_in_flight gauge", f"fairplace_in_flight{{{here}}} {self.in_flight}"]
        return "\n".join(lines) + "\n"
