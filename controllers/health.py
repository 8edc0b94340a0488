"""Whether a server is well, by checks that succeed and fail."""


class Health:
    """Up at first; down after `fall` failures in a row, up again after `rise` successes in a row.

    >>> health = Health(fall=2, rise=1)
    >>> health.failed(), health.failed(), health.up
    (False, True, False)
    >>> health.succeeded(), health.up
    (True, True)
    """

    def __init__(self, fall: int, rise: int) -> None:
        self._fall, self._rise, self._streak = fall, rise, 0
        self.up = True

    def failed(self, times: int = 1) -> bool:
        """Whether that changed anything."""
        self._streak = min(self._streak, 0) - times
        changed = self.up and -self._streak >= self._fall
        self.up &= not changed
        return changed

    def succeeded(self) -> bool:
        """Whether that changed anything."""
        self._streak = max(self._streak, 0) + 1
        changed = not self.up and self._streak >= self._rise
        self.up |= changed
        return changed
