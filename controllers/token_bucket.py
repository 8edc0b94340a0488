"""A limit on how often something is done (ITU-T I.371's leaky bucket, as a meter)."""


class TokenBucket:
    """`rate` times a second in the long run, and as many at once.

    >>> bucket = TokenBucket(2)
    >>> [bucket.take(now=0.0) for _ in range(3)]
    [True, True, False]
    >>> bucket.take(now=0.5)
    True
    """

    def __init__(self, rate: float) -> None:
        self._rate = self._tokens = rate
        self._then: float | None = None

    def take(self, now: float) -> bool:
        passed = 0.0 if self._then is None else now - self._then
        self._tokens, self._then = min(self._rate, self._tokens + passed * self._rate), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
