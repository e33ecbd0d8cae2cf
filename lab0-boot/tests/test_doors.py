# SPDX-License-Identifier: MIT
"""The same boot facts through all ways in, and machines of all sizes.

Provided code: these tests carry no marks, `make check` runs them. Those through our
own loader go through exercises 0.6 to 0.9.
"""

from __future__ import annotations

import re

from strata.api import EXIT_OK, EXIT_PANIC, Failure, Guest, Machine, expect, expect_eq

MIB = 1 << 20
USABLE = 1
GREY = (170, 170, 170)
DOORS = {"pvh": "pvh", "own": "own", "grub": "grub", "uefi": "grub"}


def facts(guest: Guest) -> dict[str, str]:
    """What the monitor's `facts` says, by name."""
    guest.wait_serial("strata> ")
    guest.send("facts\r")
    text = guest.wait_serial("strata> ").decode("ascii", "replace")
    return {name: value.strip() for name, value in re.findall(r"^([\w ]+): ?(.*)$", text, re.M)}


def memmap(guest: Guest) -> list[tuple[int, int, int]]:
    """(base, length, type) as the monitor's `memmap` says."""
    guest.send("memmap\r")
    text = guest.wait_serial("strata> ").decode("ascii", "replace")
    lines = re.findall(r"^([0-9a-f]{16}) \+([0-9a-f]{16}) type (\d+)", text, re.M)
    return [(int(base, 16), int(length, 16), int(kind)) for base, length, kind in lines]


def check_door(machine: Machine, door: str, disk: str = "virtio", board: str = "pc") -> Guest:
    """Boot by a door and compare what must be the same by all of them."""
    word = f"{machine.random.getrandbits(40):x}"
    guest = machine.boot(door=door, cmdline=f"loglevel=6 unknown={word}", disk=disk, machine=board)
    told = facts(guest)
    expect_eq(told["door"], DOORS[door], "the door that the kernel saw")
    expect(
        told["command line"].endswith(f"loglevel=6 unknown={word}"),
        "fw_cfg's options are at the end of the command line",
        seen=told["command line"],
    )
    expect_eq(told["warnings"], "0", "malformed boot information")
    expect(told["ACPI root pointer"].split(",")[0] != "0x0", "ACPI's root pointer was found")
    usable = sum(length for _, length, kind in memmap(guest) if kind == USABLE)
    expect(54 * MIB < usable <= 64 * MIB, "64 MiB, less what firmware keeps", seen=usable)
    return guest


def power_off(guest: Guest) -> None:
    """End it by the monitor's own command."""
    guest.send("poweroff\r")
    expect_eq(guest.wait_exit().kind, "shutdown", "poweroff switches the machine off")


def test_facts_by_pvh(machine: Machine) -> None:
    """QEMU's -kernel hands over command line, memory map and ACPI's root pointer."""
    power_off(check_door(machine, "pvh"))


def test_facts_by_our_loader(machine: Machine) -> None:
    """Our own loader hands over the same facts, from a virtio disk."""
    power_off(check_door(machine, "own"))


def test_facts_by_our_loader_on_ide(machine: Machine) -> None:
    """Our own loader hands over the same facts, from an IDE disk on q35."""
    power_off(check_door(machine, "own", disk="ide", board="q35"))


def test_facts_by_grub(machine: Machine) -> None:
    """GRUB on a BIOS hands over the same facts."""
    power_off(check_door(machine, "grub"))


def test_facts_by_uefi(machine: Machine) -> None:
    """GRUB on UEFI hands over the same facts, and the framebuffer shows the text."""
    guest = check_door(machine, "uefi")
    width, height, rgb = guest.pixels()
    lit = sum(pixel == GREY for pixel in zip(rgb[0::3], rgb[1::3], rgb[2::3]))
    expect(lit > 2000, f"grey text on a screen of {width}x{height}", seen=f"{lit} grey pixels")
    power_off(guest)


def test_memory_sizes(machine: Machine) -> None:
    """From 32 MiB to beyond 4 GiB the kernel reports the machine's memory."""
    for mib in (32, 128, 1024, 3072, 5120):
        guest = machine.boot(door="pvh", memory=f"{mib}M", args=lazy_memory(mib))
        told = facts(guest)
        usable = int(told["memory"].split()[0]) >> 10
        expect(mib - 2 <= usable <= mib, f"{mib} MiB of memory", seen=f"{usable} MiB usable")
        top = max(base + length for base, length, kind in memmap(guest) if kind == USABLE)
        expect_eq(top > 1 << 32, mib > 3072, "memory above 4 GiB is in the map")
        guest.close()


def lazy_memory(mib: int) -> list[str]:
    """Memory that the host gives only where the guest touches it."""
    size = f"{mib}M"
    return ["-object", f"memory-backend-ram,id=ram0,size={size}", "-M", "memory-backend=ram0"]


def test_raw_memory_map(machine: Machine) -> None:
    """memmap=raw@ takes E820 entries from memory as they are, overlapping and empty ones too."""
    entries = [
        (0, 0x9F000, 1),
        (0x9000, 0x4000, 2),
        (0x100000, 0x3F00000, 1),
        (0x200000, 0, 1),
        (0xFFFFFFFFFFFFF000, 0xFFFF, 7),
        *((machine.random.getrandbits(48), machine.random.getrandbits(20), 3) for _ in range(5)),
    ]
    guest = raw_map(machine, entries, len(entries))
    facts(guest)
    expect_eq(memmap(guest), entries, "the map that lay in memory")


def test_raw_memory_map_is_cut(machine: Machine) -> None:
    """More than 128 entries are cut to 128, with one warning."""
    entries = [(number << 12, 0x1000, 1) for number in range(150)]
    guest = raw_map(machine, entries, 150)
    expect_eq(facts(guest)["warnings"], "1", "warnings")
    expect_eq(memmap(guest), entries[:128], "the first 128 entries")


def raw_map(machine: Machine, entries: list[tuple[int, int, int]], count: int) -> Guest:
    """A guest whose memory map lies at 32 MiB."""
    address = 0x2000000
    table = machine.folder / "map.bin"
    table.write_bytes(
        b"".join(
            base.to_bytes(8, "little") + length.to_bytes(8, "little") + kind.to_bytes(4, "little")
            for base, length, kind in entries
        )
    )
    return machine.boot(
        door="pvh",
        cmdline=f"memmap=raw@{address:#x},{count}",
        args=["-device", f"loader,file={table},addr={address:#x},force-raw=on"],
    )


def test_every_way_to_end(machine: Machine) -> None:
    """main= and panic= end the machine in the ways that they name."""
    for cmdline, kind in (
        ("main=exit", "exit"),
        ("main=poweroff", "shutdown"),
        ("main=reboot", "reset"),
        ("panic=reboot", "reset"),
        ("panic=exit", "exit"),
    ):
        guest = machine.boot(door="pvh", cmdline=cmdline)
        if "panic" in cmdline:
            guest.wait_serial("strata> ")
            guest.send("panic on_purpose\r")
        end = guest.wait_exit()
        expect_eq(end.kind, kind, f"the end by {cmdline}")
        if kind == "exit":
            expect_eq(end.code, EXIT_PANIC if "panic" in cmdline else EXIT_OK, "exit code")


def test_a_panic_says_what_it_knows(machine: Machine) -> None:
    """A panic shows reason, registers, backtrace and log, and then the monitor works."""
    guest = machine.boot(door="pvh")
    guest.wait_serial("strata> ")
    guest.send("panic on_purpose\r")
    text = guest.wait_serial("strata> ").decode("ascii", "replace")
    for part in (
        "panic: on_purpose",
        "rip ffffffff8",
        "cr3 ",
        "panic_command+0x",
        "monitor_execute+0x",
        "last log lines",
    ):
        if part not in text:
            raise Failure(f"the panic screen lacks {part!r}", seen=text)
    dump = text.partition("last log lines")[2]
    expect("] panic: on_purpose" in dump, "the log's last line is on the screen", seen=dump)
    record = [line.split(":")[0] for line in guest.verdicts if not line.startswith("#")]
    expect_eq(record[:3], ["panic", "panic-at", "bt"], "start of the record on the verdict port")
    expect_eq(record[-1], "panic-end", "end of the record")
    guest.send("backtrace\r")
    guest.wait_serial("panic_with+0x")


def test_a_panic_inside_a_panic_ends(machine: Machine) -> None:
    """A panic while one is reported adds a line to the record and ends the machine."""
    guest = machine.boot(door="pvh", image="stageN-test.stripped.elf", cmdline="fall=ab fall_again")
    guest.wait_exit(EXIT_PANIC)
    kinds = [line.split(":")[0] for line in guest.verdicts if not line.startswith("#")]
    expect_eq(kinds[:1] + kinds[-2:], ["panic", "panic-end", "panic-again"], "lines of the record")


def test_peek_and_poke_touch_only_what_is_mapped(machine: Machine) -> None:
    """peek and poke refuse unmapped, read-only and impossible addresses in one line."""
    guest = machine.boot(door="pvh")
    guest.wait_serial("strata> ")
    data = guest.symbol("boot_entry_tsc")
    for command, answer in (
        (f"poke {data:#x} 0x1122334455667788 8", ""),
        (f"peek {data:#x} 8", "88 77 66 55 44 33 22 11"),
        (f"poke {data:#x} 0x100", "usage: poke"),
        (f"poke {guest.symbol('kernel_main'):#x} 0", "is read-only"),
        (f"peek {guest.symbol('boot_stack_guard'):#x} 1", "is not mapped"),
        (f"peek {guest.symbol('boot_stack_guard') - 8:#x} 16", "is not mapped"),
        ("peek 0", "is not mapped"),
        ("peek 0x1000000000000000", "is not mapped"),
        ("peek 0xffffffffffffffff 2", "is not mapped"),
        ("peek 1 2 3 4", "usage: peek"),
        ("peek 0xffff8000000b8000 5000", "usage: peek"),
        ("pook", "pook: no such command"),
        ("a b c d e f g h i", "too many words"),
        ("x" * 90, "line too long"),
        ("cpuid x", "usage: cpuid"),
        ("test all", "this image has no tests"),
    ):
        guest.send(command + "\r")
        text = guest.wait_serial("\r\nstrata> ").decode("ascii", "replace")
        lines = text.split("\r\n")[1:-1]
        expect(answer in text, f"the answer to `{command}`", seen=text)
        expect_eq(len(lines), 1 if answer else 0, f"lines of the answer to `{command}`")


def test_q35_reboots_and_powers_off(machine: Machine) -> None:
    """reboot and poweroff work on q35, under qboot and SeaBIOS."""
    for bios in ("qboot.rom", "bios-256k.bin"):
        for command, kind in (("poweroff", "shutdown"), ("reboot", "reset")):
            guest = machine.boot(
                door="pvh", machine="q35", cmdline=f"main={command}", args=["-bios", bios]
            )
            expect_eq(guest.wait_exit().kind, kind, f"{command} on q35 with {bios}")
