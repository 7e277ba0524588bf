# Sourced by ./run and ./test: what they need from the system, and how Debian installs it.
# Each line is "command Debian-package". `headers:libc` asks the compiler, `perl:` asks for
# the modules with which OpenSSL's own build is configured, or for one; `python:` asks Debian's own;
# `files:` looks for programs outside of the PATH.

build_needs='
cc                  gcc
headers:libc        libc6-dev
make                make
perl:FindBin        perl
'

test_needs='
nmap                nmap
oidentd             oidentd
sshd                openssh-server
ssh-keygen          openssh-client
openssl             openssl
dnsmasq             dnsmasq-base
apache2             apache2-bin
nginx               nginx-light
memcached           memcached
redis-server        redis-server
rpcbind             rpcbind
rsync               rsync
slapd               slapd
smbd                samba
snmpd               snmpd
tgtd                tgt
vsftpd              vsftpd
postfix             postfix
files:imap          dovecot-imapd
files:pop3          dovecot-pop3d
mariadbd            mariadb-server
files:postgres      postgresql
prosody             prosody
ip                  iproute2
nft                 nftables
xmllint             libxml2-utils
chromium            chromium
xsltproc            xsltproc
ndiff               ndiff
perl:Nmap::Parser   libnmap-parser-perl
python:venv         python3-venv
unshare             util-linux
setpriv             util-linux
nsenter             util-linux
timeout             coreutils
'
# Without root, namespaces need the user's sub-ids.
[ "$(id -u)" = 0 ] || test_needs="${test_needs}newuidmap           uidmap
"

# Daemons live in sbin, which is not in everybody's PATH.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

is_present() {
    case "$1" in
        headers:libc) echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1 ;;
        perl:Nmap::Parser) perl -MNmap::Parser -MJSON::PP -e 1 2>/dev/null ;;
        # Without ensurepip, an environment has no pip.
        python:venv) /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null ;;
        files:imap | files:pop3) [ -x "/usr/lib/dovecot/${1#files:}" ] ;;
        files:postgres) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
        perl:FindBin) perl -MFindBin -MIPC::Cmd -MTime::Piece -e 1 2>/dev/null ;;
        *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# Prints the packages of the list $1 that are missing, on one line.
missing() {
    printf '%s\n' "$1" | while read -r what package; do
        [ -z "$what" ] || is_present "$what" || printf '%s ' "$package"
    done
}

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

policy=/usr/sbin/policy-rc.d

restore_policy() {
    rm -f "$policy"
    if [ -e "$policy.before-nseer" ] || [ -L "$policy.before-nseer" ]; then
        mv "$policy.before-nseer" "$policy"
    fi
}

# Installs the packages named in its arguments. Debian starts a daemon when it is installed,
# unless the program policy-rc.d says no (101); the one that was there is put back.
# The subshell keeps the trap away from the caller.
install_packages() (
    say "installing: $*"
    export DEBIAN_FRONTEND=noninteractive
    trap restore_policy EXIT
    trap 'exit 1' HUP INT TERM
    if [ -e "$policy" ] || [ -L "$policy" ]; then
        [ -e "$policy.before-nseer" ] || mv "$policy" "$policy.before-nseer"
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    apt-get -qq update </dev/null >&2 &&
        apt-get -qq -y --no-install-recommends install "$@" </dev/null >&2
)

# Makes sure that the lists given are satisfied: installs what is missing as root, else says so.
require() {
    # shellcheck disable=SC2046 # package names are words
    set -- $(for list in "$@"; do missing "$list"; done | tr ' ' '\n' | sort -u)
    [ $# -gt 0 ] || return 0
    if can_install; then
        install_packages "$@"
    else
        say "these Debian packages are missing: $*"
        say "as root: apt-get install --no-install-recommends $*"
        return 1
    fi
}
