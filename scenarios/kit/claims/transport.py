"""What answers at a port."""

from .. import probes
from ..expect import CannotAsk, claims
from ..probes import Connect

SILENCE = 0.6  # seconds without a RST or a SYN-ACK; those that come take a few milliseconds


@claims("{src} can open {dst} port {port}")
def open_to(net, src: str, dst: str, port: int) -> str | None:
    """A TCP connection comes about."""
    return _outcome(net, src, dst, port, Connect.OPEN)


@claims("{dst} refuses {src} at port {port}")
def closed(net, src: str, dst: str, port: int) -> str | None:
    """The port answers with a RST: the host is there, the service is not."""
    return _outcome(net, src, dst, port, Connect.REFUSED)


@claims("{src} hears nothing from {dst} port {port}")
def filtered(net, src: str, dst: str, port: int, control: tuple[str, str] | None = None) -> str | None:
    """Silence: something on the way drops the SYN. ``control`` is a source and destination for which the port opens."""
    if control and probes.connect(net, *control, port) is not Connect.OPEN:
        raise CannotAsk(f"the control failed: {control[0]} cannot open {control[1]} port {port} either")
    return _outcome(net, src, dst, port, Connect.FILTERED, SILENCE)


@claims("{dst} answers {src} at UDP port {port}")
def answers(net, src: str, dst: str, port: int, payload: bytes = b"?") -> str | None:
    """A datagram sent there brings one back."""
    with probes.datagram_socket(net, src) as client:
        client.sendto(payload, (probes.address(net, dst), port))
        try:
            client.recvfrom(65535)
        except TimeoutError:
            return "no datagram came back"
        except ConnectionRefusedError:
            return "the port is closed"
    return None


def _outcome(net, src: str, dst: str, port: int, wanted: Connect, wait: float = probes.ANSWER) -> str | None:
    outcome = probes.connect(net, src, dst, port, wait)
    return None if outcome is wanted else f"it is {outcome}"
