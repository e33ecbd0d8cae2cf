# SPDX-License-Identifier: MIT
"""A guest in QEMU: started, watched and looked into without paths, ports or sleeps.

QEMU gets its channels ready made: a socket pair for QMP, pipes for the serial line
(its stdin and stdout) and for the verdict port. Pipes, because a socket takes only
some hundred single bytes before it blocks, and a blocked UART is a slow UART: the
guest would see the host's load. One selector loop reads them all and a pidfd.

A guest that never ends is found in *virtual* time: the board's watchdog (ib700) is
armed from outside and pauses the guest, wherever it spins or sleeps.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Iterator

from . import ktap, qmp
from .elf import Symbols, read_symbols
from .errors import Failure, MachineError, QemuCrashed, QemuTooOld
from .gdbrsp import Gdb
from .host import (
    Scratch,
    close_fd,
    cpu_seconds,
    die_with_us,
    elf_beside,
    parse_registers,
    pipe_bytes,
    wide_pipe,
)
from .rr import changed_by_debugger, changed_by_monitor, why_not
from .spec import MachineSpec, command_line, find_qemu

__all__ = [
    "End",
    "EXIT_FAIL",
    "EXIT_LOADER",
    "EXIT_OK",
    "EXIT_PANIC",
    "EXIT_TODO",
    "Guest",
]

EXIT_OK = 0x10
EXIT_FAIL = 0x11
EXIT_PANIC = 0x12
EXIT_TODO = 0x13
EXIT_LOADER = 0x14
EXIT_NAMES = {
    EXIT_OK: "the kernel ended by itself, all done",
    EXIT_FAIL: "the kernel ended by itself, with failures",
    EXIT_PANIC: "the kernel panicked",
    EXIT_TODO: "an exercise that is not written was reached",
    EXIT_LOADER: "the loader gave up with a message",
}

_OLDEST = (7, 0)
_WATCHDOG_MAX_S = 30
_TICK_S = 1.0
_ASTRAY = "Trying to execute code outside RAM or ROM at "
_STALL_TICKS = 20
_ENDING_TICKS = 2
_ENDS = ("guest-shutdown", "guest-reset")
_SPARES = 3  # more budgets for a guest that sleeps


@dataclass
class End:
    """How a guest ended.

    kind  exit (code), reset, shutdown, astray, hang, flood, stall, killed (by us)
    """

    kind: str
    code: int | None = None
    text: str = ""
    regs: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.kind == "exit":
            name = EXIT_NAMES.get(self.code or 0, "an exit code that nobody knows")
            return f"{name} (exit code {self.code or 0:#x})"
        return self.text


class Guest:
    """One run of QEMU. Use as a context manager, or call close()."""

    def __init__(
        self, spec: MachineSpec, extra: tuple[str, ...] = (), paused: bool = False
    ) -> None:
        self.spec = spec
        self.serial = bytearray()
        self.verdict_log = bytearray()
        self.end: End | None = None
        self.sent = False
        self.unrecorded = why_not(spec)  # why `make rewind` would refuse
        self._extra = extra
        self._symbols: Symbols | None = None
        self._cursor = 0
        self._qmp_stream = qmp.QmpStream()
        self._answers: dict[int, dict[str, Any]] = {}
        self._ident = 0
        self._reason = ""
        self._flooded = ""
        self._alarm = False
        self._left_s = 0
        self._armed_at = 0.0  # on the host's clock
        self._arming = 0  # the command that arms it, until QEMU has answered
        self._stopped = False  # by us
        self._typed = 0  # bytes that QEMU has not read yet
        self._spares = _SPARES
        self._gdb_log = b""
        self._gdb_socket: socket.socket | None = None
        self._ticks = 0
        self._cpu_last = -1.0
        self._exited = False
        self._started = False
        self._stdin = self._serial_fd = self._verdict_fd = self._stderr = self._pidfd = -1
        self.progress: Callable[[], int] | None = None
        self._progress_last = 0
        self.screen_folder: Path | None = None
        self._selector = selectors.DefaultSelector()
        self._start(paused)

    def __enter__(self) -> Guest:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- what tests ask ---------------------------------------------------

    @property
    def exit_code(self) -> int | None:
        """The code of the exit device, if the guest ended through it."""
        return self.end.code if self.end else None

    @property
    def verdicts(self) -> list[str]:
        """Verdict lines with our token, without it."""
        return ktap.own_lines(self._verdict_bytes(), self.spec.token)[0]

    @property
    def transcript(self) -> ktap.Transcript:
        """The verdict log, read."""
        return ktap.parse(self._verdict_bytes(), self.spec.token)

    @property
    def symbols(self) -> Symbols:
        """Symbols of the booted image: those of its ELF file with symbols."""
        if self._symbols is None:
            self._symbols = read_symbols(elf_beside(self.spec.image))
        return self._symbols

    def symbol(self, name: str) -> int:
        """A symbol's address."""
        try:
            return self.symbols.by_name[name]
        except KeyError:
            raise Failure(f"the kernel has no symbol {name}") from None

    def wait_exit(self, *codes: int) -> End:
        """Wait for the end. With codes, any other end is a failure that tells why."""
        self._pump(lambda: False)
        end = self._ended()
        if codes and end.code not in codes:
            wanted = " or ".join(EXIT_NAMES.get(code, hex(code)) for code in codes)
            raise self.failure(wanted)
        if not codes and end.kind in ("hang", "flood", "stall"):
            raise self.failure("the guest ends by itself")
        return end

    def wait_reset(self) -> bool:
        """Wait until the machine is to be reset (or stops there, when QEMU pauses for it)."""
        self._pump(lambda: bool(self._reason))
        return self.end is None

    def wait_serial(self, text: bytes | str, why: str = "") -> bytes:
        """Wait until the serial line says text; what came since the last wait, with it."""
        want = text.encode() if isinstance(text, str) else text

        def there() -> bool:
            return self.serial.find(want, self._cursor) >= 0

        if not self._pump(there):
            shown = want.decode("utf-8", "backslashreplace")
            raise self.failure(why or f"{shown!r} on the serial line")
        start, self._cursor = self._cursor, self.serial.find(want, self._cursor) + len(want)
        return bytes(self.serial[start : self._cursor])

    def wait_verdict(self, text: str, why: str = "") -> str:
        """Wait for a verdict line that starts with text; the line."""

        def line() -> str | None:
            return next((one for one in self.verdicts if one.startswith(text)), None)

        if not self._pump(lambda: line() is not None):
            raise self.failure(why or f"the verdict line {text!r}")
        return line() or ""

    def wait(self, until: Callable[[], bool], what: str) -> None:
        """Run the guest until something holds, looked at whenever it says something."""
        if not self._pump(until):
            raise self.failure(what)

    def send(self, data: bytes | str) -> None:
        """Type on the serial line: as much as a pipe holds (64 KiB), guest running or not."""
        self._check_running()
        self.sent = True
        self._spares = _SPARES
        with self._running():
            self._typed += os.write(self._stdin, data.encode() if isinstance(data, str) else data)
        self._rearm()

    def failure(self, wanted: str) -> Failure:
        """A failure that tells how the guest ended instead."""
        from .postmortem import describe

        return describe(self, wanted)

    def hmp(self, line: str) -> str:
        """A human monitor command's answer."""
        answer = self.qmp("human-monitor-command", command_line=line)
        return str(answer).replace("\r\n", "\n")

    def qmp(self, name: str, **arguments: Any) -> Any:
        """A QMP command's answer (underscores become dashes)."""
        self._note(changed_by_monitor(name, arguments))
        self._check_running()
        self._ident += 1
        ident = self._ident
        with self._running():
            self._qmp.sendall(qmp.command(name, ident, **arguments))
        self._pump(lambda: ident in self._answers, alarms=False)
        answer = self._answers.pop(ident, None)
        if answer is None:
            raise self.failure(f"an answer to {name}")
        if "error" in answer:
            raise MachineError(f"QEMU refused {name}: {answer['error'].get('desc')}")
        return answer["return"]

    def stop(self) -> None:
        """Pause the guest."""
        self._stopped = True
        self.qmp("stop")

    def cont(self) -> None:
        """Let the guest run (on)."""
        self._check_running()
        self._alarm = False
        self._rearm()
        self._stopped = False
        self.qmp("cont")

    def regs(self) -> dict[str, int]:
        """Registers of CPU 0, lower case: rip, rflags, cr0, cr3, cs, cs_base, hlt, ..."""
        return parse_registers(self.hmp("info registers"))

    def read_phys(self, address: int, length: int) -> bytes:
        """Physical memory."""
        return self._save("pmemsave", address, length)

    def read_virt(self, address: int, length: int) -> bytes:
        """Virtual memory, through CPU 0's page tables."""
        return self._save("memsave", address - (address >> 63 << 64), length)

    def screen_text(self) -> list[str]:
        """The 25 lines of the VGA text screen."""
        cells = self.read_phys(0xB8000, 4000)
        lines = [cells[at : at + 160 : 2] for at in range(0, 4000, 160)]
        return [line.decode("cp437").replace("\0", " ") for line in lines]

    def screen_attributes(self) -> list[bytes]:
        """The 25 x 80 attribute bytes of the VGA text screen."""
        cells = self.read_phys(0xB8000, 4000)
        return [cells[at + 1 : at + 160 : 2] for at in range(0, 4000, 160)]

    def screenshot(self, path: Path) -> None:
        """The screen as a PNG (or, by the name's end, PPM) file."""
        if path.suffix == ".ppm":
            self.qmp("screendump", filename=str(path))
        else:
            self.qmp("screendump", filename=str(path), format="png")

    def pixels(self) -> tuple[int, int, bytes]:
        """(width, height, RGB bytes) of the screen."""
        with Scratch("screen") as file:
            self.qmp("screendump", filename=file.path)
            data = file.read()
        _, size, _, rgb = data.split(b"\n", 3)
        width, height = (int(word) for word in size.split())
        return width, height, rgb

    def gdb(self) -> Gdb:
        """Attach a debugger; the guest is stopped from here on."""
        if self._gdb_socket is None:
            self._attach()
        gdb = Gdb(self)
        gdb.use_symbols(self.symbols.by_name)
        return gdb

    def close(self) -> None:
        """End QEMU and let everything go; may be called twice."""
        if not self._exited:
            self._keep_screen()
            self._kill()
            self._reap()
            if self.end is None:
                self.end = End("killed", text="ended by the test")
        self._selector.close()
        for fd in (self._stdin, self._serial_fd, self._verdict_fd, self._stderr, self._pidfd):
            close_fd(fd)
        self._stdin = self._serial_fd = self._verdict_fd = self._stderr = self._pidfd = -1
        self._qmp.close()
        if self._gdb_socket is not None:
            self._gdb_socket.close()

    # -- the debugger's link ----------------------------------------------

    def gdb_send(self, data: bytes) -> None:
        """Bytes to the stub; a `c` or `s` packet runs on with a fresh budget."""
        self._note(changed_by_debugger(data))
        self._check_running()
        assert self._gdb_socket is not None
        if data[:2] in (b"$c", b"$s"):
            self._rearm()
        with self._running():
            self._gdb_socket.sendall(data)

    def gdb_wait(self, until: Callable[[bytes], bool]) -> bytes:
        """Wait for bytes of the stub."""
        if not self._pump(lambda: until(self._gdb_log)):
            raise self.failure("the guest comes to the breakpoint")
        self._turn(0)
        if self._alarm and not self._left_s:
            self._hang()
            raise self.failure("the guest comes to the breakpoint")
        return self._gdb_log

    def gdb_drop(self, count: int) -> None:
        """Forget bytes that were read."""
        self._gdb_log = self._gdb_log[count:]

    # -- start --------------------------------------------------------------

    def _start(self, paused: bool) -> None:
        qemu = find_qemu()
        self._qmp, theirs = socket.socketpair()
        stdin_read, self._stdin = os.pipe()
        self._serial_fd, stdout_write = wide_pipe()
        self._verdict_fd, verdict_write = wide_pipe()
        self._stderr = os.memfd_create("stderr")
        words = [qemu, "-S"]
        words += ["-chardev", f"socket,id=qmp,fd={theirs.fileno()}"]
        words += ["-mon", "chardev=qmp,mode=control", "-add-fd", f"fd={verdict_write},set=1"]
        self.argv = [*words, *self._board("file,path=/dev/fdset/1,append=on"), *self._extra]
        try:
            self._process = subprocess.Popen(
                [*die_with_us(), *self.argv],
                stdin=stdin_read,
                stdout=stdout_write,
                stderr=self._stderr,
                pass_fds=[theirs.fileno(), verdict_write],
                start_new_session=True,
            )
        finally:
            theirs.close()
            for fd in (stdin_read, stdout_write, verdict_write):
                os.close(fd)
        self._pidfd = os.pidfd_open(self._process.pid)
        self._watch()
        self._begin(paused)

    def _board(self, verdict: str) -> list[str]:
        words = ["-device", "ib700", "-action", "watchdog=pause"]
        return words + command_line(self.spec, "stdio,signal=off", verdict)

    def _watch(self) -> None:
        for fd, name in (
            (self._serial_fd, "serial"),
            (self._verdict_fd, "verdict"),
            (self._qmp.fileno(), "qmp"),
            (self._pidfd, "pid"),
        ):
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ, name)
        self._qmp.setblocking(True)

    def _begin(self, paused: bool) -> None:
        """All first commands in one go: one round trip."""
        self._ident = 3
        first = qmp.command("qmp_capabilities", 1) + qmp.hmp(self._budget(), 2)
        if not paused:
            first += qmp.command("cont", 3)
        try:
            self._qmp.sendall(first)
        except OSError:
            pass  # it is gone; the loop finds out why
        self._pump(lambda: (2 if paused else 3) in self._answers)
        refused = next((one["error"] for one in self._answers.values() if "error" in one), None)
        self._answers.clear()
        if refused:
            self.close()
            raise MachineError(f"QEMU refused to start the guest: {refused.get('desc')}")

    # -- the watchdog ---------------------------------------------------------

    def _budget(self) -> str:
        """Start a fresh budget of virtual time; the monitor command for its first part."""
        self._armed_at = time.time()
        self._left_s = max(2, int(self.spec.limits.virtual_s + 1) // 2 * 2)
        return self._next_part()

    def _next_part(self) -> str:
        part = min(_WATCHDOG_MAX_S, self._left_s)
        self._left_s -= part
        return f"o /b 0x443 {15 - part // 2:#x}"

    def _rearm(self) -> None:
        line = self._budget()
        self._ident += 1
        self._arming = self._ident
        try:
            self._qmp.sendall(qmp.hmp(line, self._arming))
            if self._alarm:
                self._alarm = False
                self._qmp.sendall(qmp.command("cont"))
        except OSError:
            pass  # it just ended; the loop finds out

    def _hang(self) -> None:
        """The budget is used up and nobody was satisfied."""
        regs = parse_registers(self.hmp("info registers"))
        self._keep_screen()
        from .postmortem import hang_text

        self.end = End("hang", text=hang_text(self, regs), regs=regs)
        self._kill()
        self._reap()

    # -- the loop ---------------------------------------------------------------

    def _pump(self, until: Callable[[], bool], alarms: bool = True) -> bool:
        """Run until something holds; False when the guest ended first."""
        if alarms:
            self._spares = _SPARES
        if alarms and self._alarm and not until():
            self._rearm()
        while not until():
            if self.end is not None:
                return False
            self._turn(_TICK_S)
            if alarms and self._alarm and not until() and self.end is None:
                self._out_of_time()
        return True

    def _out_of_time(self) -> None:
        if self._left_s > 0:
            self._alarm = False
            with self._running():
                self._qmp.sendall(qmp.hmp(self._next_part()) + qmp.command("cont"))
        elif self._progressed() or self._spare():
            self._rearm()
        else:
            self._hang()

    def _spare(self) -> bool:
        """A guest that sleeps uses up its time at once: perhaps before it got what was typed.

        What was typed may also have woken it just before it was stopped.
        """
        typed, self._typed = self._typed, pipe_bytes(self._stdin)
        if self._typed != typed:
            self._spares = _SPARES
            return True
        if not self._spares or not parse_registers(self.hmp("info registers"))["hlt"]:
            return False
        self._spares -= 1
        return True

    def _progressed(self) -> bool:
        """A run of many tests gets a fresh budget while tests go by."""
        now = self.progress() if self.progress else 0
        last, self._progress_last = self._progress_last, now
        return now != last

    def _turn(self, timeout: float) -> None:
        """Read what is there; wait at most timeout for it."""
        if self.end is not None:
            return
        ready = self._selector.select(timeout)
        if not ready and timeout:
            self._tick()
        gone = False
        for key, _ in ready:
            if key.data == "pid":
                gone = True
            else:
                self._read(key.fd, key.data)
        if gone:
            self._reap()
            self._classify()
        elif self._alarm:
            self._drain()
        if self._flooded and self.end is None:
            self._flood()

    def _read(self, fd: int, name: str) -> bool:
        """Read once; False when there is nothing (any more)."""
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._forget(fd)
            return False
        self._ticks = 0
        if name == "serial":
            self._take(self.serial, data, self.spec.limits.serial_bytes, "the serial line")
        elif name == "verdict":
            self._take(self.verdict_log, data, self.spec.limits.verdict_bytes, "the verdict port")
        elif name == "gdb":
            self._gdb_log += data
        else:
            self._messages(data)
        return True

    def _take(self, log: bytearray, data: bytes, most: int, name: str) -> None:
        log += data[: max(0, most - len(log))]
        if len(log) >= most and not self._flooded:
            self._flooded = f"more than {most // 1024} KiB on {name}"

    def _messages(self, data: bytes) -> None:
        for message in self._qmp_stream.feed(data):
            if "QMP" in message:
                self._check_version(message["QMP"]["version"]["qemu"])
            elif "id" in message:
                if message["id"] == self._arming:
                    self._arming = 0
                elif message["id"]:
                    self._answers[message["id"]] = message
            elif message.get("event") in ("STOP", "WATCHDOG"):
                self._alarm = self._alarm or self._ran_out(message)
            elif message.get("event") == "SHUTDOWN":
                self._reason = message["data"].get("reason", "")

    def _ran_out(self, message: dict[str, Any]) -> bool:
        """Whether this is the watchdog's pause, of the budget that runs now.

        It says WATCHDOG first and STOP when it has stopped; who answers the former may be
        before the latter, and would take it for the next pause. QEMU also holds WATCHDOG
        back when two come within a second: its time tells then. With a debugger STOP may be
        a breakpoint's, and the guest then goes on by itself. QEMU's main loop answers and
        stops in turn, so what it says before it answers the arming is of the budget before.
        """
        ours = self._stopped or self._gdb_socket or self._reason
        if message["event"] != ("WATCHDOG" if ours else "STOP"):
            return False
        when = message["timestamp"]
        if not self._arming and when["seconds"] + when["microseconds"] / 1e6 >= self._armed_at:
            return True
        if not ours:  # it stopped just before it got the fresh budget
            with contextlib.suppress(OSError):
                self._qmp.sendall(qmp.command("cont"))
        return False

    def _check_version(self, version: dict[str, int]) -> None:
        self._started = True
        if (version["major"], version["minor"]) < _OLDEST:
            text = f"QEMU {version['major']}.{version['minor']} is too old"
            self.close()
            raise QemuTooOld(f"{text}: {_OLDEST[0]}.{_OLDEST[1]} or newer is needed")

    def _drain(self) -> None:
        """Read all that the guest wrote before the moment of now."""
        for key in list(self._selector.get_map().values()):
            if key.data in ("serial", "verdict"):
                while not self._flooded and self._read(key.fd, key.data):
                    pass

    def _forget(self, fd: int) -> None:
        try:
            self._selector.unregister(fd)
        except (KeyError, ValueError):
            pass

    def _tick(self) -> None:
        """Nothing was heard for a second: is QEMU working, and not for too long?"""
        cpu = cpu_seconds(self._process.pid)
        self._ticks = self._ticks + 1 if cpu - self._cpu_last < 0.01 else 0
        self._cpu_last = cpu
        if cpu > self.spec.limits.cpu_s:
            self._stall(f"it used more than {self.spec.limits.cpu_s:.0f} s of the host's CPU")
        elif self._ticks > _ENDING_TICKS and self._reason in _ENDS and not self._pauses_at_its_end:
            self._let_go()
        elif self._ticks > _STALL_TICKS:
            self._stall(f"QEMU did nothing for {_STALL_TICKS} s")

    # -- the end ------------------------------------------------------------------

    def _stall(self, text: str) -> None:
        self.end = End("stall", text=f"the guest did not end: {text}")
        self._kill()
        self._reap()

    @property
    def _pauses_at_its_end(self) -> bool:
        return "shutdown=pause" in self.argv or "-no-shutdown" in self.argv

    def _let_go(self) -> None:
        """End a QEMU that has said SHUTDOWN and does not go.

        On a busy host 7.2's main loop now and then waits for a lock of its own, if it was
        asked something while it ended. The guest's end is known then, and all its output.
        """
        self._kill()
        self._reap()
        self._status = 0
        self._classify()

    def _flood(self) -> None:
        self.end = End("flood", text=f"the kernel printed without end: {self._flooded}")
        self._kill()
        self._reap()

    def _kill(self) -> None:
        if not self._exited:
            try:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            except OSError:
                pass

    def _reap(self) -> None:
        """Take the exit status, and what is left in the pipes."""
        if self._exited:
            return
        self._status = self._process.wait()
        self._exited = True
        for key in list(self._selector.get_map().values()):
            if key.data in ("serial", "verdict", "qmp"):
                while not self._flooded and self._read(key.fd, key.data):
                    pass

    def _classify(self) -> None:
        """Turn QEMU's exit status into an end."""
        if self.end is not None:
            return
        status = self._status
        told = os.fstat(self._stderr).st_size
        if status > 1 and status & 1 or status == 1 and self._started and not told:
            self.end = End("exit", code=status >> 1)
        elif status == 0 and self._reason == "guest-reset":
            self.end = End("reset", text="the machine was reset")
        elif status == 0 and self._reason == "guest-shutdown":
            self.end = End("shutdown", text="the guest switched the machine off")
        else:
            text = os.pread(self._stderr, 4000, 0).decode("utf-8", "replace").strip()
            self._astray(text)
            if self.end is None:
                raise QemuCrashed(self._crash_text(status, text))

    def _astray(self, text: str) -> None:
        """QEMU gives up, as a real CPU would not, where a guest runs into nothing."""
        _, found, rest = text.partition(_ASTRAY)
        if found and rest.split():
            place = f"{rest.split()[0]}, where there is neither RAM nor ROM"
            self.end = End("astray", text=f"the CPU went on at physical address {place}")

    def _crash_text(self, status: int, text: str) -> str:
        how = f"status {status}"
        if status < 0:
            how = signal.Signals(-status).name
        when = "ended by itself" if self._started else "did not start"
        return f"QEMU {when} ({how})" + (f": {text.splitlines()[-1]}" if text else "")

    def _ended(self) -> End:
        assert self.end is not None
        return self.end

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Writing to a guest that has just ended tells how it ended."""
        try:
            yield
        except (BrokenPipeError, ConnectionResetError):
            self._pump(lambda: False)
            raise self.failure("the guest is still running") from None

    def _check_running(self) -> None:
        if self.end is None and not self._exited:
            self._turn(0)
        if self.end is not None:
            raise self.failure("the guest is still running")

    def _keep_screen(self) -> None:
        """Where there is a screen: what it shows last, as text and as a picture."""
        folder = self.screen_folder
        if folder is None or self.spec.vga == "none" or self.end is not None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            text = "\n".join(line.rstrip() for line in self.screen_text())
            (folder / "screen.txt").write_text(text + "\n", encoding="utf-8")
            self.screenshot(folder / "screen.png")
        except (Failure, MachineError, OSError):
            pass  # it is for the reader only; the verdict stands without it

    # -- details ------------------------------------------------------------------

    def _note(self, reason: str) -> None:
        """Somebody outside changes the machine."""
        self.unrecorded = self.unrecorded or reason

    def _verdict_bytes(self) -> bytes:
        return bytes(self.verdict_log if self.spec.debugcon else self.serial)

    def _save(self, command: str, address: int, length: int) -> bytes:
        with Scratch("memory") as file:
            try:
                self.qmp(command, val=address, size=length, filename=file.path)
            except MachineError as error:
                if "Invalid addr" not in str(error):
                    raise
                raise Failure(f"no memory is mapped at {address % (1 << 64):#x}") from None
            return file.read()

    def _attach(self) -> None:
        ours, theirs = socket.socketpair()
        self._check_running()
        self._ident += 1
        ident = self._ident
        with self._running():
            words = qmp.command("getfd", ident, fdname="gdb0")
            socket.send_fds(self._qmp, [words], [theirs.fileno()])
        theirs.close()
        self._pump(lambda: ident in self._answers, alarms=False)
        address = {"type": "fd", "data": {"str": "gdb0"}}
        backend = {"type": "socket", "data": {"addr": address, "server": False}}
        self._gdb_socket = ours
        self._selector.register(ours.fileno(), selectors.EVENT_READ, "gdb")
        self.qmp("chardev-add", **{"id": "gdb0", "backend": backend})
        self.hmp("gdbserver chardev:gdb0")
