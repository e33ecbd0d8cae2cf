#!/bin/sh
# SPDX-License-Identifier: MIT
#
# toolchain.sh - build binutils and GCC for x86_64-elf from Debian's sources.
#
# Owns      the cache folder (TOOLCHAIN=, default ~/.cache/strata/toolchain).
# Offers    CACHE/bin/x86_64-elf-gcc, -as, -ld, -objcopy and the rest; C only,
#           no libc, no libgcc: Strata's kernel and loader link neither.
# Stands on Debian's binutils-source and gcc-12-source (./setup toolchain).
# Source    gcc.gnu.org, "Installing GCC: Configuration"; OSDev wiki, "GCC
#           Cross-Compiler".
#
# Can be interrupted at any point: steps that ended are not done again, and
# make itself goes on inside a step. TOOLCHAIN= sets the folder, JOBS= the
# number of parallel compilers, KEEP=1 keeps sources and objects.

set -u

TARGET=x86_64-elf
CACHE=${TOOLCHAIN:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/strata/toolchain}
JOBS=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}

say() {
	printf 'toolchain: %s\n' "$*"
}

die() {
	printf 'toolchain: %s\n' "$*" >&2
	exit 1
}

# The one tarball that matches the pattern $1, installed by package $2.
source_of() {
	for tarball in $1; do
		[ -r "$tarball" ] && printf '%s\n' "$tarball" && return
	done
	die "$1 is missing (Debian package $2): run ./setup toolchain"
}

# step NAME COMMAND..: run once; output goes to a log, its end is shown when
# the command fails.
step() {
	name=$1
	shift
	[ -e "$CACHE/done/$name" ] && return
	say "$name (log: $CACHE/log/$name)"
	begun=$(date +%s)
	if ! "$@" >"$CACHE/log/$name" 2>&1 </dev/null; then
		tail -n 8 "$CACHE/log/$name" >&2
		die "$name failed: the whole log is $CACHE/log/$name"
	fi
	say "$name took $(($(date +%s) - begun)) s"
	: >"$CACHE/done/$name"
}

# unpack TARBALL FOLDER: only what a C compiler without a runtime needs; the
# test suite alone is 90,000 files. (Its folder selftests is GCC's check of
# itself at the end of the build.)
unpack() {
	rm -rf "$CACHE/src/$2"
	mkdir -p "$CACHE/src/$2" || return
	tar -C "$CACHE/src/$2" --strip-components=1 \
		--anchored --no-wildcards-match-slash \
		--exclude='*/gcc/testsuite/[!s]*' --exclude='*/libstdc++-v3' \
		--exclude='*/libgo' --exclude='*/libphobos' \
		--exclude='*/libgfortran' --exclude='*/libsanitizer' \
		--exclude='*/gdb' --exclude='*/sim' --exclude='*/gold' \
		-xf "$1"
}

# Debian takes GCC's manual out for its licence; this patch of theirs lets the
# build go on without it.
unpack_gcc() {
	unpack "$1" gcc || return
	patch -d "$CACHE/src/gcc" -p2 <"$2"
}

configure_binutils() {
	cd "$CACHE/build/binutils" &&
		"$CACHE/src/binutils/configure" --target=$TARGET \
			--prefix="$CACHE" --with-sysroot --disable-nls \
			--disable-werror --disable-gdb --disable-gprofng \
			--disable-gold --disable-plugins --without-zstd \
			--enable-64-bit-bfd CFLAGS='-O2 -g0' CXXFLAGS='-O2 -g0'
}

configure_gcc() {
	cd "$CACHE/build/gcc" &&
		"$CACHE/src/gcc/configure" --target=$TARGET --prefix="$CACHE" \
			--enable-languages=c --without-headers --disable-nls \
			--disable-multilib --disable-shared --disable-threads \
			--disable-lto --disable-plugin --disable-libcc1 \
			--disable-libssp --disable-bootstrap \
			--without-zstd --without-isl --enable-checking=release \
			CFLAGS='-O2 -g0' CXXFLAGS='-O2 -g0'
}

# No texinfo: MAKEINFO=true skips the manuals.
build() {
	make -C "$CACHE/build/$1" -j"$JOBS" MAKEINFO=true "$2" &&
		make -C "$CACHE/build/$1" MAKEINFO=true "$3"
}

# The flags Strata's kernel and its 32-bit loader depend on, tried.
try_it() {
	gcc="$CACHE/bin/$TARGET-gcc"
	printf '%s\n' '#include <stdint.h>' '#include <stdbool.h>' \
		'#include <stddef.h>' '#include <stdarg.h>' \
		'#include <limits.h>' \
		'uint64_t sum(const uint8_t *p, size_t n);' \
		'uint64_t sum(const uint8_t *p, size_t n)' \
		'{ char b[32]; uint64_t s = 0;' \
		'  for (size_t i = 0; i < n; i++) { b[i % 32] = (char)p[i];' \
		'    s += (uint64_t)b[(i * 7) % 32]; } return s; }' \
		>"$CACHE/build/try.c" || return
	"$gcc" -m64 -std=gnu11 -ffreestanding -fno-pic -fno-pie \
		-mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
		-fcf-protection=none -fno-lto -fstack-protector-strong \
		-mstack-protector-guard=tls -mstack-protector-guard-reg=gs \
		-mstack-protector-guard-offset=40 -fsanitize=undefined \
		-Wall -Wextra -O2 -g -c "$CACHE/build/try.c" \
		-o "$CACHE/build/try64.o" &&
		"$gcc" -m32 -march=i686 -std=gnu11 -ffreestanding -fno-pic \
			-fno-pie -mgeneral-regs-only -fcf-protection=none \
			-fno-stack-protector -Wall -Wextra -Os \
			-c "$CACHE/build/try.c" -o "$CACHE/build/try32.o" &&
		"$CACHE/bin/$TARGET-ld" -m elf_i386 -r \
			"$CACHE/build/try32.o" -o "$CACHE/build/try32.elf" &&
		"$CACHE/bin/$TARGET-objdump" -d "$CACHE/build/try64.o" |
		grep -q '%gs:0x28'
}

binutils=$(source_of '/usr/src/binutils/binutils-*.tar.xz' binutils-source) ||
	exit 1
gcc=$(source_of '/usr/src/gcc-12/gcc-12*.tar.xz' gcc-12-source) || exit 1
for tool in make gcc g++ tar xz patch; do
	command -v "$tool" >/dev/null ||
		die "$tool is missing: run ./setup toolchain"
done

case $CACHE in
/*) ;;
*) CACHE=$PWD/$CACHE ;;
esac
case $CACHE in
*[[:space:]]*) die "$CACHE has a space in it, which GCC's build can't take:" \
	"set TOOLCHAIN= to another folder" ;;
esac
mkdir -p "$CACHE/src" "$CACHE/build/binutils" "$CACHE/build/gcc" \
	"$CACHE/log" "$CACHE/done" || die "cannot write to $CACHE"

# Other sources than those the folder was begun with: begin again.
versions="${binutils##*/} ${gcc##*/}"
if [ "$(cat "$CACHE/done/versions" 2>/dev/null)" != "$versions" ]; then
	rm -rf "$CACHE/build" "$CACHE/done"
	mkdir -p "$CACHE/build/binutils" "$CACHE/build/gcc" "$CACHE/done"
	printf '%s\n' "$versions" >"$CACHE/done/versions"
fi

PATH=$CACHE/bin:$PATH
export PATH
unset CC CFLAGS CXXFLAGS LDFLAGS MAKEFLAGS MFLAGS MAKELEVEL CROSS

if [ ! -e "$CACHE/done/tried" ]; then
	say "${binutils##*/} and ${gcc##*/} for $TARGET into $CACHE"
	say "about 20 minutes on one core, 1 GB of disk until the end"
fi
step binutils-unpacked unpack "$binutils" binutils
step binutils-configured configure_binutils
step binutils-installed build binutils all install
step gcc-unpacked unpack_gcc "$gcc" \
	/usr/src/gcc-12/patches/gcc-gfdl-build.diff
step gcc-configured configure_gcc
step gcc-installed build gcc all-gcc install-gcc
step tried try_it
[ -n "${KEEP:-}" ] || rm -rf "$CACHE/src" "$CACHE/build"

say "$("$CACHE/bin/$TARGET-gcc" --version | head -n 1)"
say "ready: make CROSS=$CACHE/bin/$TARGET-"
