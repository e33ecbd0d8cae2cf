#!/bin/sh
# SPDX-License-Identifier: MIT
#
# setup.sh - Gradescope's hook: once, while the autograder's image is made.
#
# Installs what grading needs and builds what is provided. Where the image's own
# packages are too old (Ubuntu 22.04 has QEMU 6.2 and Python 3.10), Debian 12 goes
# into a folder beside, and grading runs there.
#
# AUTOGRADER_ROOT=dir   in place of /autograder
# STRATA_INSTALL=no     install nothing: it is there
# STRATA_DEBIAN=yes     take the folder even where the packages are new enough
# STRATA_MIRROR=url     where Debian comes from

set -eu

root=${AUTOGRADER_ROOT:-/autograder}
here=$root/source
export DEBIAN_FRONTEND=noninteractive

# Is the version of package $1 that apt would install at least $2?
new_enough() {
	version=$(apt-cache policy "$1" | sed -n 's/^ *Candidate: //p')
	[ -n "$version" ] && dpkg --compare-versions "$version" ge "$2"
}

# For one that unpacks it as root: strangers' code gets another uid.
chmod 700 "$here"
if [ "${STRATA_INSTALL:-yes}" != no ]; then
	apt-get -q update
	if [ "${STRATA_DEBIAN:-no}" = yes ] || ! new_enough qemu-system-x86 1:7.0 ||
		! new_enough python3 3.11 || ! new_enough python3-pytest 7.0; then
		echo "setup.sh: Debian 12 goes into $root/debian"
		apt-get -q -y install --no-install-recommends debootstrap \
			debian-archive-keyring ca-certificates
		rm -rf "$root/debian"
		debootstrap --variant=minbase \
			--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
			bookworm "$root/debian" \
			"${STRATA_MIRROR:-http://deb.debian.org/debian}"
		mkdir -p "$root/debian/autograder"
		cp -a "$here" "$root/debian/autograder/source"
		chroot "$root/debian" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LANG=C.UTF-8 \
			sh /autograder/source/setup.sh
		exit
	fi
fi
rm -rf "$here/tree"
mkdir "$here/tree"
tar -xzf "$here/tree.tgz" -C "$here/tree"
cd "$here/tree"
if [ "${STRATA_INSTALL:-yes}" != no ]; then
	lab=$(sed -n 's/^ *"lab": \([0-9]*\),*$/\1/p' "$here/config.json")
	./setup --install grade "LAB=$lab"
	apt-get -q clean
fi
exec env PYTHONPATH="$here/tree/grader" /usr/bin/python3 -m strata.gradescope_run build
