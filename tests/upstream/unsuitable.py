"""Tests of Mininet that cannot run here, and why."""

UNSUITABLE: dict[str, str] = {}
