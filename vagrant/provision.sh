#!/bin/sh
# Installs the Debian packages that the scenarios need, and lets none of them start a service.
#
#   provision.sh           install what is missing (as root)
#   provision.sh --check   only name what is missing, and exit 1 if anything is
#   provision.sh --vm      install, then give the whole (virtual) machine to the lab
#
# Idempotent, for Debian 12 and 13 and Ubuntu 22.04 and 24.04: bare metal, virtual machines and CI alike.
# shellcheck disable=SC1091,SC2046,SC2086  # lists of package names are split on purpose
set -eu

# To add a package, add its name here, with the reason when it is not obvious.
packages() {
    sed 's/#.*//' <<'END'
    # the lab itself: switches, namespaces, user ids for daemons that insist on their own, Python
    mininet openvswitch-switch openvswitch-testcontroller iproute2 uidmap util-linux procps psmisc kmod
    python3-venv git ca-certificates netbase
    # a full kernel in a package, for what the machine's own kernel lacks
    user-mode-linux
    # looking: capture, probe, measure
    tcpdump tshark ethtool iputils-ping iputils-arping traceroute mtr-tiny fping hping3 nmap iperf iperf3
    # talking by hand, and small servers
    curl socat netcat-openbsd busybox openssl
    # filtering and translation (Mininet's NAT node speaks iptables)
    nftables iptables conntrack tayga
    # addresses: DHCP, router advertisements
    dnsmasq-base isc-dhcp-client dhcpcd-base radvd
    # routing: BIRD by default, FRR where vtysh is the lesson, RPKI for both
    bird2 frr frr-rpki-rtrlib stayrtr
    # names: a root, a top-level domain, an authoritative server, a resolver, a client
    nsd knot bind9 unbound bind9-dnsutils
    # web and load balancing (caddy speaks HTTP/3)
    nginx haproxy caddy
    # files, mail, remote shells
    vsftpd opensmtpd msmtp openssh-server openssh-client fail2ban
    # private roads: WireGuard (and its userspace stand-in), OpenVPN, IPsec, meshes
    wireguard-tools wireguard-go openvpn easy-rsa
    strongswan-charon strongswan-swanctl libstrongswan-standard-plugins libcharon-extra-plugins nebula tinc
    # NAT traversal: STUN and TURN
    coturn
    # links: delay and loss without netem, 6LoWPAN
    vde2 wpan-tools
END
}

# What a release does not carry; `lab doctor` tells which scenarios that costs.
absent() {
    case $release in
        ubuntu-22.04) echo caddy dhcpcd-base nebula python3-venv user-mode-linux ;;
        ubuntu-24.04) echo user-mode-linux ;;
    esac
    # Debian allows one mail server; a machine that has its own keeps it.
    [ ! -e /usr/sbin/sendmail ] || echo opensmtpd
}

# What it carries instead: Ubuntu 22.04's own Python is too old for us.
instead() {
    [ "$release" != ubuntu-22.04 ] || echo dhcpcd5 python3.11 python3.11-venv
}

wanted() {
    printf '%s\n' $(packages) $(instead) | grep -vxF "$(printf '%s\n' . $(absent))"
}

missing() {
    installed=" $(dpkg-query --show --showformat='${Package}=${db:Status-Status} ' $(wanted) 2>/dev/null || :)"
    for package in $(wanted); do
        case $installed in *" $package=installed "*) ;; *) echo "$package" ;; esac
    done
}

die() { echo "provision.sh: $*" >&2; exit 2; }

install_packages() {
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
    exec 8</var/lib/dpkg && flock 8  # one of us at a time: the policy below is the machine's
    enabled_before=$(enabled)
    trap allow_starting EXIT
    trap 'exit 130' HUP INT TERM
    forbid_starting
    dpkg --configure -a
    apt_get update
    # --no-remove: better to fail than to take something of the machine's away
    apt_get install -y --no-install-recommends --no-remove -o Dpkg::Options::=--force-confold "$@"
    disable_new_services
}

apt_get() { apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"; }

# Maintainer scripts ask this file before they start anything (invoke-rc.d(8)); 101 means no.
policy=/usr/sbin/policy-rc.d
forbid_starting() {
    allow_starting  # an earlier run may have been killed here
    [ ! -e $policy ] || mv $policy $policy.before-lab
    printf '#!/bin/sh\n# internet-from-scratch is installing\nexit 101\n' >$policy
    chmod +x $policy
}

allow_starting() {
    ! grep -qs internet-from-scratch $policy || rm $policy
    [ ! -e $policy.before-lab ] || mv $policy.before-lab $policy
}

# Nor may what came new start at the next boot.
enabled() { find /etc/systemd/system /etc/rc2.d -type l ! -name 'K*' 2>/dev/null; }

disable_new_services() {
    enabled | grep -vxF "$enabled_before" | while read -r link; do
        case $link in
            /etc/rc*) update-rc.d "${link##*/S[0-9][0-9]}" disable ;;
            *) rm "$link" ;;
        esac
    done
    [ ! -d /run/systemd/system ] || systemctl daemon-reload
}

# All namespaces share the kernel's one table of neighbours; 1,024, its usual size, is 32 hosts that all know each
# other. And ordinary users may open tunnel devices wherever udev has set the machine up.
room=131072
settled() {
    limit=/proc/sys/net/ipv4/neigh/default/gc_thresh3
    [ -e /etc/sysctl.d/60-lab-neighbours.conf ] && { [ ! -e $limit ] || [ "$(cat $limit)" -ge $room ]; } &&
        { [ ! -c /dev/net/tun ] || [ "$(stat -c %a /dev/net/tun)" = 666 ]; }
}

settle() {
    for family in ipv4 ipv6; do
        printf "net.$family.neigh.default.gc_thresh%d = %d\n" 1 $((room / 8)) 2 $((room / 2)) 3 $room
    done >/etc/sysctl.d/60-lab-neighbours.conf
    sysctl --quiet --ignore --load /etc/sysctl.d/60-lab-neighbours.conf || :  # a container may not
    [ ! -c /dev/net/tun ] || chmod 666 /dev/net/tun
}

# Kernel modules that a lab makes use of where they are loaded, and may not load itself.
modules="openvswitch sch_netem 8021q vrf wireguard ip_gre sit ipip esp4 ieee802154_6lowpan mac802154_hwsim tun"

# Only for a machine that is the lab's alone: `lab` on the PATH, the modules loaded (without the devices that tunnels
# put into every new namespace), ordinary users may make namespaces, and no AppArmor profile keeps the lab's daemons
# from the lab's files.
take_over() {
    lab=$(readlink -f "${0%/*}/../lab")
    ln -sf "$lab" /usr/local/bin/lab
    printf '%s\n' $modules >/etc/modules-load.d/lab.conf
    printf '%s\n' 'kernel.apparmor_restrict_unprivileged_userns = 0' 'net.core.fb_tunnels_only_for_init_net = 2' \
        >/etc/sysctl.d/61-lab-machine.conf
    if [ -d /run/systemd/system ]; then  # else it is an image that will boot later
        sysctl --quiet --ignore --load /etc/sysctl.d/61-lab-machine.conf
        systemctl restart systemd-modules-load || :  # a cloud's kernel lacks the radios; `lab doctor` tells
    fi
    if command -v aa-teardown >/dev/null; then systemctl disable --quiet apparmor && aa-teardown; fi
    "$lab" --help >/dev/null
}

advise() {
    [ "$(cat /proc/sys/kernel/apparmor_restrict_unprivileged_userns 2>/dev/null)" != 1 ] ||
        echo "ordinary users may not make namespaces here: run labs with sudo, or, as root:" \
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
}

command -v dpkg-query >/dev/null || die "neither Debian nor Ubuntu: install by hand what \`lab doctor\` names"
release=$(. /etc/os-release && echo "$ID-${VERSION_ID:-}")
to_install=$(missing)
case ${1-} in
    --check) settled || to_install="$to_install kernel-settings"; echo $to_install; [ -z "$to_install" ]; exit ;;
    --vm | '') ;;
    *) die "unknown argument $1; it is --check, --vm or nothing" ;;
esac
[ "$(id -u)" = 0 ] || die "needs root to install packages: sudo $0"
[ -z "$to_install" ] || install_packages $to_install
settled || settle
if [ "${1-}" = --vm ]; then take_over; else advise; fi
