#!/usr/bin/env bash
# Another Debian release beside this one, for testing on the hosts that it has.
#   chroot.sh SUITE DIR PACKAGE…   makes DIR or adds to it; SUITE: trixie, sid, experimental (sid and its packages)
#   chroot.sh run DIR COMMAND…     runs a command in it; the project, /tmp and so the X displays are those of here
# A DIR without a slash is a name in $SCUMBLE_CHROOTS (default: .setup/chroots). Safe to run again and side by side.
# SCUMBLE_MIRROR: another mirror than apt's; SCUMBLE_CHROOT_BIND=A:B: more folders to be seen inside. Needs root.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd -P)

fail() { echo "chroot.sh: $*" >&2; exit 2; }
[ $# -ge 2 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ "$(id -u)" = 0 ] || fail "only root can make and enter a chroot; run it with sudo -E."

place() {
    case $1 in
    */*) realpath -m -- "$1" ;;
    *) realpath -m -- "${SCUMBLE_CHROOTS:-$project/.setup/chroots}/$1" ;;
    esac
}

# The mounts live in a mount namespace of their own: they end with the command, and nothing leaks to here.
enter() {
    local root=$1
    shift
    [ -e "$root/.made" ] || fail "$root is not there yet; make it with: scripts/chroot.sh SUITE $root PACKAGE…"
    exec unshare --mount --propagation private -- bash -euc '
        root=$1; binds=$2; here=$3; shift 3
        mount -t proc proc "$root/proc"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        IFS=:
        for folder in $binds; do
            mkdir -p "$root$folder"
            mount --bind "$folder" "$root$folder"
        done
        [ -d "$root$here" ] || here=/
        export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        exec chroot "$root" /bin/sh -c "cd \"\$0\" && exec \"\$@\"" "$here" "$@"
    ' - "$root" "$project:/tmp${SCUMBLE_CHROOT_BIND:+:$SCUMBLE_CHROOT_BIND}" "$PWD" "$@"
}

# The mirror of this machine's own Debian packages, as apt has it.
mirror() {
    local found
    found=$(apt-get indextargets --format '$(SITE)' "Created-By: Packages" "Origin: Debian" \
        "Codename: $(. /etc/os-release && echo "${VERSION_CODENAME:-}")" | head -1)
    found=${SCUMBLE_MIRROR:-$found}
    [ -n "$found" ] || fail "apt here has no Debian mirror (run apt-get update), so name one in SCUMBLE_MIRROR."
    echo "$found"
}

make() {
    local suite=$1 root=$2 base site installed package missing=()
    shift 2
    case $suite in
    experimental) base=sid ;;
    *) base=$suite ;;
    esac
    command -v debootstrap >/dev/null || fail "debootstrap is missing; run scripts/setup.sh chroot."
    mkdir -p "$root"
    exec 8>"$root.lock"
    flock -n 8 || { echo "Waiting for another chroot.sh that works on $root"; flock 8; }
    if [ ! -e "$root/.made" ]; then
        site=$(mirror)
        echo "Making $root: Debian $suite"
        # Disk caches are flushed after each package otherwise, and a throwaway system needs none of it.
        mkdir -p "$root/etc/dpkg/dpkg.cfg.d" "$root/etc/apt/apt.conf.d"
        echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
        # A mirror that stands still for a while is still good for a test.
        echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/50test"
        debootstrap --variant=minbase "$base" "$root" "$site"
        if [ "$suite" != "$base" ]; then
            echo "deb $site $suite main" >>"$root/etc/apt/sources.list"
        fi
        printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # no service is started in it
        chmod 755 "$root/usr/sbin/policy-rc.d"
        cp /etc/resolv.conf "$root/etc/resolv.conf"
        touch "$root/.made"
    fi
    for package; do
        installed=$(chroot "$root" dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$installed" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "Installing ${missing[*]} in $root"
    (enter "$root" sh -ec '
        suite=$1; shift
        export DEBIAN_FRONTEND=noninteractive LC_ALL=C
        apt-get update -q
        apt-get install -q -y --no-install-recommends -t "$suite" -o Dpkg::Use-Pty=0 "$@"
        apt-get clean
    ' - "$suite" "${missing[@]}")
}

if [ "$1" = run ]; then
    [ $# -ge 3 ] || fail "run needs a folder and a command."
    root=$(place "$2")
    shift 2
    enter "$root" "$@"
else
    suite=$1 root=$(place "$2")
    shift 2
    make "$suite" "$root" "$@"
fi
