"""What programs say to each other."""

import re

from .. import probes
from ..command import attempt
from ..expect import claims

# A server that is silent for three seconds is given up, one that is only slow is not.
GIVE_UP = ("--connect-timeout", "3", "--speed-limit", "1", "--speed-time", "3", "--max-time", "60")


@claims("{client} fetches {url}")
def fetches(net, client: str, url: str, shows: str = "") -> str | None:
    """curl(1) on ``client`` gets a page, which contains ``shows``. A node's name in the URL stands for its address."""
    done = attempt(net[client], "curl", "-sS", "--fail", *GIVE_UP, spelled_out(net, url))
    if done.returncode:
        return done.stderr.strip()
    return None if shows in done.stdout else f"the page says {done.stdout.strip()[:120]!r}"


@claims("{client} resolves {name} to {answer}")
def resolves(net, client: str, name: str, answer: str, kind: str = "A", server: str | None = None) -> str | None:
    """dig(1) on ``client`` gets ``answer`` among the records of this kind."""
    at = [f"@{server}"] if server else []
    done = attempt(net[client], "dig", "+short", "+time=1", "+tries=1", *at, name, kind)
    got = done.stdout.split("\n")
    return None if str(answer) in got else f"it got {done.stdout.strip() or done.stderr.strip() or 'no answer'}"


@claims("on {node}, {argv} says {pattern}")
def says(net, node: str, argv: tuple, pattern: str) -> str | None:
    """A program on the node prints something that the pattern (a regular expression) finds."""
    done = attempt(net[node], *argv)
    return None if re.search(pattern, done.stdout) else f"it says {(done.stdout or done.stderr).strip()[:200]!r}"


def spelled_out(net, url: str) -> str:
    """A URL whose host, if it is a node's name, is that node's address."""
    scheme, _, rest = url.partition("://")
    authority, slash, way = rest.partition("/")
    host, colon, port = authority.partition(":")
    if host in net:
        host = probes.address(net, host)
    return f"{scheme}://{host}{colon}{port}{slash}{way}"
