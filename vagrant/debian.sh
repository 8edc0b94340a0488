#!/bin/sh
# A fresh Debian in a directory, and what else check-chroot, check-vm and check-vagrant have in common; they read this.
#
# It lies on a tmpfs in namespaces of its own, so nothing stays behind however this ends.
# shellcheck disable=SC2016  # what stands in single quotes is for the shell inside
set -eu

me=${0##*/}
repo=$(readlink -f -- "$0") && repo=${repo%/*/*}
work=/mnt root=/mnt/root

# isolated ARGUMENT...: the script again, as process 1 of namespaces of its own.
isolated() { exec unshare --mount --pid --fork --kill-child --mount-proc env IN_NAMESPACE=yes "$0" "$@"; }

need() {
    [ "$(id -u)" = 0 ] || { echo "$me: needs root, to mount" >&2; exit 2; }
    for program; do
        command -v "$program" >/dev/null || { echo "$me: needs the program $program" >&2; exit 2; }
    done
}

# begin NAME: a place to work in, and from now on the last step's output when it fails.
begin() {
    name=$1
    mount -t tmpfs -o mode=755,size=90% tmpfs $work
    trap explain EXIT
}

step() {
    doing=$1 && shift
    started=$(date +%s)
    "$@" >$work/output 2>&1
    echo "$name: $doing ($(($(date +%s) - started)) s)"
    doing=
}

explain() {
    [ -z "$doing" ] || { tr '\r' '\n' <$work/output | grep -v Progress: | tail -n 200; echo "FAILED: $name: $doing"; }
}

# bootstrap SUITE [MMDEBSTRAP ARGUMENT...]
bootstrap() {
    suite=$1 && shift
    # What this machine tells apt about clocks, and whose certificates it trusts, the guest needs as well.
    apt-config dump | grep -E '^Acquire::Check-(Date|Valid-Until) ' >$work/apt.conf || :
    mmdebstrap --mode=root --variant=minbase --aptopt=$work/apt.conf "$@" "$suite" $root
    mkdir -p $root/usr/local/share/ca-certificates
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} $root/usr/local/share/ca-certificates/ \;
    cp -L /etc/resolv.conf $root/etc/resolv.conf
}

# bootstrap_bootable PACKAGE...: with Debian's kernel. ext4 is a module of it, as is what the disk hangs on, and
# nothing else could be asked for before the file system is mounted.
bootstrap_bootable() {
    bootstrap bookworm \
        --essential-hook='mkdir -p $1/etc/initramfs-tools/conf.d' \
        --essential-hook='printf "MODULES=list\nCOMPRESS=gzip\n" >$1/etc/initramfs-tools/conf.d/lab' \
        --essential-hook='printf "%s\n" ext4 crc32c_generic virtio_pci virtio_blk >$1/etc/initramfs-tools/modules' \
        --include="$(printf '%s,' linux-image-amd64 systemd-sysv udev kmod "$@")"
}

# This checkout, and nothing that git does not know.
copy_checkout() {
    mkdir $root/lab
    git -C "$repo" -c safe.directory='*' ls-files -z |
        tar -C "$repo" --null --files-from=- --owner=0 --group=0 -c | tar -C $root/lab -x
}

furnish() {
    for place in dev sys; do mount --rbind /$place $root/$place; done
    mount -t proc proc $root/proc
    mount -t tmpfs tmpfs $root/run
}

clear_out() { umount -R $root/dev $root/sys $root/proc $root/run; }

inside() {
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root chroot $root "$@"
}

# What Vagrant's machine gets, but before it has ever booted.
provision() {
    copy_checkout
    furnish
    inside /lab/vagrant/provision.sh --vm
    clear_out
}

# make_disk [MKFS OPTION...]: QEMU and libvirt start the kernel themselves, so the disk needs neither a boot loader nor
# partitions.
make_disk() {
    cp -L $root/vmlinuz $root/initrd.img $work/
    truncate -s 8G $work/disk
    mkfs.ext4 -q -F "$@" -E lazy_itable_init=1 -d $root $work/disk
    rm -rf $root
}
