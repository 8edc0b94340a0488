r"""One address, many services: the port says which program on the machine is meant.

      laptop 192.168.1.10                    server 192.168.1.100
                  \                            :21 FTP    :22 SSH     :25 SMTP
                   +--- s1 ----------------    :53 DNS    :80 HTTP   :443 HTTPS
                  /
      phone 192.168.1.11

Every service waits at a port that everybody knows. A client takes any port that is free just then, so that the answer
finds the right one among its programs: two addresses, two ports and the protocol make a conversation.
"""

from scenarios.kit import Bridge, Fault, Look, Scenario, Subnet, Topo, closed, fetches, open_to, resolves
from scenarios.kit.actions import halt, resume, substitute
from scenarios.kit.capability import program
from scenarios.kit.claims.ports import at, ephemeral, fetches_securely, logs_in, mails, taken, told_apart_by_port
from scenarios.kit.pki import Authority
from scenarios.kit.services import Dns, Ftp, Smtp, Ssh, SshKey, SshUser, Web
from scenarios.kit.services.smtp import SPOOL

HOME, SERVER, NAME = Subnet("192.168.1.0/24"), "192.168.1.100", "server.home.arpa"
AUTHORITY, HOST_KEY, USER_KEY = Authority("a certificate authority for the home"), SshKey(), SshKey()
SSH = Ssh(HOST_KEY, users=[USER_KEY])


class Ports(Topo):
    """A server with six services, and two who use them."""

    def build(self):
        self.addHost("server", privateDirs=[SPOOL], services=[
            Web(), Web(port=443, authority=AUTHORITY, host=NAME, name="secure_web"),
            Ftp(), SSH, Smtp(), Dns({NAME: SERVER})])
        for name in ("laptop", "phone"):
            self.addHost(name, nameserver=SERVER, services=[SshUser(USER_KEY, known=((SERVER, HOST_KEY),))])
        self.addLan(self.addSwitch("s1", cls=Bridge), HOME, laptop=10, phone=11, server=100)


scenario = Scenario(
    topo=Ports,
    chapter=1,
    requires=[program(name) for name in (
        "ovs-vswitchd", "nginx", "vsftpd", "sshd", "smtpd", "dnsmasq", "curl", "ssh", "msmtp", "dig")],
    claims=[
        at("server", 80, fetches("laptop", "http://server/", shows="server at your service")),
        at("server", 443, fetches_securely("phone", f"https://{NAME}/", AUTHORITY, shows="server at your service")),
        at("server", 21, fetches("laptop", "ftp://server/hello.txt", shows="server at your service")),
        at("server", 22, logs_in("phone", "server")),
        at("server", 25, mails("laptop", "server")),
        at("server", 53, resolves("phone", NAME, SERVER), "udp"),
        closed("laptop", "server", 8080),
        *(ephemeral(client, "server", 80) for client in ("laptop", "phone")),
        told_apart_by_port("laptop", "server", 22),
        told_apart_by_port("phone", "server", 80),
        taken("server", 80),
        taken("server", 25),
    ],
    look=[
        Look("server", "tcp[tcpflags] & tcp-syn != 0", "who comes to which port, and from which"),
        Look("server", "tcp port 21", "FTP in clear; its data come over a second connection, to a port of its own"),
    ],
    faults=[
        Fault("moved", "nobody can log in, though the server is there", layer="service",
              inject=lambda net: substitute(net, Ssh(HOST_KEY, users=[USER_KEY], port=2222), "server"),
              repair=lambda net: resume(net, "ssh", "server"),
              injected=lambda net: not open_to("server", "server", 22).ask(net, 0).held,
              breaks=["port 22"],
              hints=("The other services are fine.", "What does the server answer to a SYN at port 22?",
                     "Look at 'ss -tlnp' on server: is there an sshd, and where?")),
        Fault("web_dead", "no page, but everything else", layer="service",
              inject=lambda net: halt(net, "web", "server"), repair=lambda net: resume(net, "web", "server"),
              injected=lambda net: not open_to("server", "server", 80).ask(net, 0).held,
              breaks=["TCP port 80", "server port 80", "port 80 of"],
              hints=("HTTPS works.", "Who listens at port 80?", "Look at 'ss -tln' on server.")),
    ],
)

topos = {"ports": Ports}
