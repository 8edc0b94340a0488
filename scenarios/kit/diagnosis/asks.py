"""The questions that a scenario's claims imply: who should be able to talk to whom; pure."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..drawing import HOST, Drawing
from ..errors import LabError, NoSuchThing
from ..expect import Claim
from ..facts import World
from ..journey import Ask

POSITIVE = {"reachable", "path", "open_to", "answers", "fetches", "resolves", "layers", "secret", "too_big", "clamped",
            "seen_as", "told_apart", "carries", "never_carries"}
PAIRS = (("src", "dst"), ("client", "server"), ("clients", "server"), ("asker", "answerer"), ("client", "dst"))
PORTS = {"http": 80, "https": 443}
MOST = 40  # questions; each takes a fifth of a second when all is well


class Names:
    """Addresses of nodes as the drawing gives them, or, where it gives none, as they are."""

    def __init__(self, drawing: Drawing, world: World):
        self.drawing, self.world = drawing, world

    def address(self, name: str, version: int = 4) -> str | None:
        """The address that a name stands for; None for a name that only the DNS knows, or a node without any."""
        try:
            return str(ip_address(name.strip("[]")))
        except ValueError:
            pass
        node, _, interface = name.partition(":")
        if interface:
            end = self.drawing.ends.get(name)
            return str(end.address.ip) if end and end.address else None
        if drawn := self.drawing.address(node, version):
            return drawn
        have = [each for each in self.world[node].addresses() if each.version == version] if node in self.world else []
        return str(have[0].ip) if have else None


def of_claims(claims: Iterable[Claim], names: Names) -> list[Ask]:
    """Each question once, the simplest first: echo requests, then ports, then URLs and names."""
    found = {ask: None for claim in claims for ask in _of_claim(claim, names)}
    return sorted(found, key=lambda ask: (bool(ask.url), ask.port is not None))[:MOST]


def of_words(src: str, dst: str, names: Names) -> Ask:
    """A question as the user puts it: "laptop" "server:80", "udp/53" after a slash, or a URL. Raises LabError."""
    if src not in names.world:
        raise NoSuchThing("host or router", src, names.world)
    if "://" in dst:
        return of_url(src, dst, names)
    host, port, protocol = _host_and_port(dst, names)
    address = names.address(host)
    if address is None:
        known = [*names.world, *(end.name for end in names.drawing.ends.values() if end.address)]
        raise NoSuchThing("node, interface or address", host, known)
    return Ask(src, address, protocol if port else "icmp", port, host)


def of_url(src: str, url: str, names: Names) -> Ask:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme)
    if not host or port is None:
        raise LabError(f"{url} is no URL of http or https")
    node = next((name for name in names.world if name.lower() == host), host)
    address = names.address(node)
    if (address and node != host) or host in names.world:
        url = url.replace(parts.netloc, f"{address}:{parts.port}" if parts.port else str(address), 1)
    return Ask(src, address or "", "tcp", port, node, url)


def of_pairs(names: Names) -> list[Ask]:
    """For a scenario without claims that say so: every host to the next one."""
    hosts = [name for name, kind in names.drawing.kinds.items() if kind == HOST and names.address(name)]
    return [Ask(src, str(names.address(dst)), name=dst) for src, dst in zip(hosts, hosts[1:], strict=False)]


def _of_claim(claim: Claim, names: Names) -> Iterator[Ask]:
    if claim.family not in POSITIVE:
        return
    given = claim.arguments
    if isinstance(given.get("during"), Claim):
        yield from _of_claim(given["during"], names)
    elif "url" in given and given.get("client") in names.world:
        yield of_url(given["client"], given["url"], names)
    elif "name" in given and given.get("client") in names.world and "answer" in given:
        server = given.get("server") or ""
        yield Ask(given["client"], names.address(server) or "", "udp", 53, server, f"dns:{given['name']}")
    elif "nodes" in given and len(given["nodes"]) > 1:
        yield from _pair(given["nodes"][0], given["nodes"][-1], claim, names)
    else:
        yield from _of_pair(claim, names)


def _of_pair(claim: Claim, names: Names) -> Iterator[Ask]:
    for source, destination in PAIRS:
        srcs, dsts = claim.arguments.get(source), claim.arguments.get(destination)
        if isinstance(dsts, str):
            for src in (srcs,) if isinstance(srcs, str) else srcs if isinstance(srcs, (tuple, list)) else ():
                yield from _pair(src, dsts, claim, names)


def _pair(src: str, dst: str, claim: Claim, names: Names) -> Iterator[Ask]:
    address = names.address(dst)
    if src not in names.world or address is None:
        return
    port = claim.arguments.get("port") if claim.family in ("open_to", "layers", "answers", "clamped") else None
    protocol = "icmp" if port is None else "udp" if claim.family == "answers" else "tcp"
    yield Ask(src, address, protocol, port, dst)


def _host_and_port(text: str, names: Names) -> tuple[str, int | None, str]:
    """ "server", "server:80", "router:wan", "server:udp/53", "tcp/80" after a blank is the command line's business."""
    host, _, last = text.rpartition(":")
    protocol, _, number = last.rpartition("/")
    if host and number.isdigit() and protocol in ("", "tcp", "udp") and text.count(":") < 3:
        return host, int(number), protocol or "tcp"
    return text, None, "tcp"
