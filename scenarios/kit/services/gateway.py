"""What a gateway at the end of a tunnel does beside it: rulesets of nft(8)."""

from .nftables import Nftables

KILL_SWITCH = Nftables("""\
table inet kill_switch {
  chain forward {
    type filter hook forward priority filter
    oifname "wan" ip daddr 192.168.0.0/16 rt ipsec missing counter drop  # what IPsec wraps is not in clear
  }
}
""", "kill_switch")

# A tunnel takes its headers from the size of a packet, so TCP is told to send smaller ones (RFC 4459, RFC 6691).
CLAMPING = Nftables("""\
table inet clamping {
  chain forward {
    type filter hook forward priority mangle
    tcp flags syn / syn,rst tcp option maxseg size set rt mtu
  }
}
""", "clamping")

# The well-meant rule that makes large packets vanish: nobody is told that they are too large (RFC 2923).
BLACK_HOLE = Nftables("""\
table inet black_hole {
  chain output {
    type filter hook output priority filter
    icmp type destination-unreachable icmp code frag-needed drop
  }
}
""", "black_hole")
