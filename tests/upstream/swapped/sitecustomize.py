"""Python runs this when it starts with this directory on its path: every example and ``mn`` gets our classes."""

from tests.upstream import swap

swap.install()
