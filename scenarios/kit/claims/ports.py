"""What ports are for: many services on one address, many conversations with one service."""

import errno

from .. import probes, waiting
from ..command import attempt, run
from ..expect import CannotAsk, Claim, claims
from ..pki import Authority
from ..services.smtp import mailbox
from ..services.ssh import ssh
from ..tables import connections
from .application import GIVE_UP
from .wire import carries

DELIVERY = 3.0  # seconds from the server's "OK" to the mailbox


def at(server: str, port: int, during: Claim, protocol: str = "tcp") -> Claim:
    """``during`` holds, and its packets go to this port of the server."""
    def probe(net) -> str | None:
        heard = f"{protocol} dst port {port} and dst host {probes.address(net, server)}"
        return carries(server, heard, during).probe(net)

    return Claim(f"{during}; at {protocol.upper()} port {port}", probe, during.within)


@claims("{client} fetches {url}, and trusts its certificate")
def fetches_securely(net, client: str, url: str, authority: Authority, shows: str = "") -> str | None:
    """curl(1) on ``client`` gets a page over TLS from a server which this authority vouches for."""
    done = attempt(net[client], "curl", "-sS", "--fail", *GIVE_UP, "--cacert", "/dev/stdin", url,
                   stdin=authority.certificate)
    if done.returncode:
        return done.stderr.strip()
    return None if shows in done.stdout else f"the page says {done.stdout.strip()[:120]!r}"


@claims("{client} logs in to {server}")
def logs_in(net, client: str, server: str, port: int = 22) -> str | None:
    """ssh(1) with the client's key runs hostname(1) there."""
    done = attempt(net[client], *ssh(net[client], probes.address(net, server), "hostname", port=port))
    return None if done.stdout == f"{server}\n" else done.stderr.strip() or done.stdout


@claims("{client} sends a mail to {server}, where it is delivered")
def mails(net, client: str, server: str) -> str | None:
    """msmtp(1) hands it over; it is then looked for in the server's mailbox."""
    box, token = mailbox(net[server]) / "new", f"Subject: from {client} to {server}"
    before = len(list(box.glob("*")))
    done = attempt(net[client], "msmtp", "--file=/dev/null", f"--host={probes.address(net, server)}", "--timeout=3",
                   f"--from={client}@home.arpa", "--port=25", f"you@{server}.home.arpa", stdin=f"{token}\n\nHello.\n")
    if done.returncode:
        return done.stderr.strip().replace("\n", "; ")
    waiting.poll(lambda: len(list(box.glob("*"))) > before, DELIVERY)
    return None if any(token in mail.read_text() for mail in box.glob("*")) else "it was taken, and not delivered"


@claims("{client} speaks to {server} port {port} from an ephemeral port of its own")
def ephemeral(net, client: str, server: str, port: int) -> str | None:
    """The client's port is one of those which its kernel sets aside for this (ip_local_port_range)."""
    first, last = map(int, run(net[client], "cat", "/proc/sys/net/ipv4/ip_local_port_range").split())
    with probes.open_stream(net, client, server, port) as stream:
        own = stream.getsockname()[1]
        seen = [peer[1] for _, peer in connections(net, server, port)]
    return None if first <= own <= last and own in seen else f"its port is {own}, the server sees {seen}"


@claims("two connections from {client} to {server} port {port} differ in the client's port, and in nothing else")
def told_apart_by_port(net, client: str, server: str, port: int) -> str | None:
    """Both ends of both, from the server's table of sockets."""
    with probes.open_stream(net, client, server, port) as one, probes.open_stream(net, client, server, port) as other:
        own = {stream.getsockname() for stream in (one, other)}
        rows = [row for row in connections(net, server, port) if row[1] in own]
    addresses = {(local, peer[0]) for local, peer in rows}
    ports = {peer[1] for _, peer in rows}
    return None if (len(rows), len(addresses), len(ports)) == (2, 1, 2) else f"the server has {rows}"


@claims("port {port} of {server} is taken for TCP, and free for UDP")
def taken(net, server: str, port: int) -> str | None:
    """A second program cannot bind it. The control: it can bind a port that nobody has."""
    try:
        probes.listen(net, server, 0).close()
        probes.datagram_socket(net, server, port).close()
    except OSError as error:
        raise CannotAsk(f"the control failed: {error.strerror}") from error
    try:
        probes.listen(net, server, port).close()
    except OSError as error:
        return None if error.errno == errno.EADDRINUSE else f"binding it fails with {error.strerror}"
    return "a second program could bind it"
