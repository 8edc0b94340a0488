"""The words in which scenarios claim: who reaches whom, what a wire carries, what answers at a port."""

from .application import fetches, resolves, says
from .reach import isolated, path, reachable, unreachable_at_once
from .tables import forgotten, has_address, learned, loopback_up
from .transport import answers, closed, filtered, open_to
from .wire import carries, layers, never_carries

__all__ = [
    "answers", "carries", "closed", "fetches", "filtered", "forgotten", "has_address", "isolated", "layers",
    "learned", "loopback_up", "never_carries", "open_to", "path", "reachable", "resolves", "says",
    "unreachable_at_once",
]
