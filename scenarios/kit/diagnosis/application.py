"""Above the transport: names, TLS and HTTP, asked by the programs that people ask them with."""

import re

from ..command import attempt
from ..facts import World
from ..journey import Ask
from .finding import Finding

PATIENCE = "3"  # seconds
NO_NAME, TIMED_OUT, HTTP_ERROR, EMPTY = 6, 28, 22, 52  # exit codes of curl(1)
TLS = {35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91}
NO_ANSWER = 9  # exit code of dig(1)


def fetch(net, ask: Ask) -> Finding | None:
    """Why a page is not served though its port is open."""
    words = ("curl", "-sS", "--fail", "-o", "/dev/null", "--max-time", PATIENCE, ask.url)
    done = attempt(net[ask.src], *words)
    complaint = _complaint(done.stderr)
    if done.returncode == 0:
        return None
    if done.returncode == NO_NAME:
        return Finding("name", f"{ask.src} cannot resolve {ask.name}: {complaint}", ask.src, words)
    if done.returncode in TLS:
        return Finding("TLS", f"{ask.src} and {ask.name} do not agree on TLS: {complaint}", ask.src, words)
    if done.returncode == HTTP_ERROR:
        return Finding("HTTP", f"{ask.name} answers {ask.src} with an error: {complaint}", ask.src, words)
    return Finding("service", f"{ask.name} takes {ask.src}'s connection and serves no page: {complaint}", ask.src,
                   words)


def resolve(net, world: World, ask: Ask) -> Finding | None:
    """Why a name does not resolve though its server can be reached."""
    name = ask.url.removeprefix("dns:")
    at = (f"@{ask.dst}",) if ask.dst else ()
    words = ("dig", "+time=1", "+tries=2", *at, name)
    done = attempt(net[ask.src], *words)
    if done.returncode == NO_ANSWER or done.returncode:
        return no_answer(world, ask, words)
    status = re.search(r"status: (\w+)", done.stdout)
    answers = re.search(r"ANSWER: (\d+)", done.stdout)
    if status and status.group(1) == "NOERROR" and answers and answers.group(1) != "0":
        return None
    return Finding("name", f"{ask.name or 'the name server'} answers {ask.src} about {name} with "
                   f"{status.group(1) if status else 'nothing'}" + (" and no record" if status else ""), ask.src, words,
                   shows=("status:", "ANSWER:"))


def name_server(net, node: str) -> str:
    """The first name server that a node knows (resolv.conf(5)); "" when it knows none."""
    words = attempt(net[node], "cat", "/etc/resolv.conf").stdout.split()
    return words[words.index("nameserver") + 1] if "nameserver" in words[:-1] else ""


def no_answer(world: World, ask: Ask, words: tuple[str, ...]) -> Finding:
    """Why a name server, the destination of the question, says nothing."""
    holder = next((facts for facts in world.values() if ask.dst and facts.holds(ask.dst)), None)
    if holder and not holder.listens("udp", 53):
        dead = next((row for row in holder.daemons if not row["runs"]), None)
        why = f": {dead['name']} does not run" if dead else ""
        return Finding("service", f"nobody listens at udp port 53 of {holder.node}{why}", holder.node, ("ss", "-uln"))
    if not ask.dst:
        return Finding("name", f"{ask.src} knows no name server", ask.src, ("cat", "/etc/resolv.conf"))
    return Finding("name", f"the name server {ask.name or ask.dst} does not answer {ask.src}", ask.src, words)


def _complaint(text: str) -> str:
    return re.sub(r"^curl: \(\d+\) ", "", text.strip().split("\n")[0])
