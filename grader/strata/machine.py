# SPDX-License-Identifier: MIT
"""A guest in QEMU: started, watched and looked into without paths, ports or sleeps.

QEMU gets its channels ready made: a socket pair for QMP, pipes for the serial line
(its stdin and stdout) and for the verdict port. Pipes, because a socket takes only
some hundred single bytes before it blocks, and a blocked UART is a slow UART: the
guest would see the host's load. One selector loop reads them all and a pidfd.

A guest that never ends is found in virtual time: budget.py.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Iterator

from . import budget, ktap, qmp
from .ends import EXIT_NAMES, End, crash_text, end_of
from .elf import Symbols, read_symbols
from .errors import Failure, MachineError, QemuCrashed, QemuTooOld
from .gdbrsp import Gdb
from .host import close_fd, cpu_seconds, die_with_us, elf_beside, pipe_bytes, wide_pipe
from .inspection import Inspection
from .rr import changed_by_debugger, changed_by_monitor, why_not
from .spec import MachineSpec, command_line, find_qemu

__all__ = ["Guest"]

_OLDEST = (7, 0)
_TICK_S = 1.0
_STALL_TICKS = 20
_ENDING_TICKS = 2
_ENDS = ("guest-shutdown", "guest-reset")
_SPARES = 3  # more budgets for a guest that sleeps


class Guest(Inspection):
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
        self._budget = self._new_budget()
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
        self._budget.paused = False
        self._rearm()
        self._stopped = False
        self.qmp("cont")

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
        if self._budget.paused and self._budget.is_spent:
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
        return [*budget.BOARD, *command_line(self.spec, "stdio,signal=off", verdict)]

    def _new_budget(self) -> budget.Budget:
        return budget.Budget(self.spec.limits.virtual_s)

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
        first = qmp.command("qmp_capabilities", 1) + qmp.hmp(self._budget.begin(), 2)
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

    # -- its time ---------------------------------------------------------------

    def _rearm(self) -> None:
        self._ident += 1
        try:
            self._qmp.sendall(qmp.hmp(self._budget.begin(self._ident), self._ident))
            if self._budget.paused:
                self._budget.paused = False
                self._qmp.sendall(qmp.command("cont"))
        except OSError:
            pass  # it just ended; the loop finds out

    def _hang(self) -> None:
        """The budget is used up and nobody was satisfied."""
        regs = self.regs()
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
        if alarms and self._budget.paused and not until():
            self._rearm()
        while not until():
            if self.end is not None:
                return False
            self._turn(_TICK_S)
            if alarms and self._budget.paused and not until() and self.end is None:
                self._out_of_time()
        return True

    def _out_of_time(self) -> None:
        if not self._budget.is_spent:
            self._budget.paused = False
            with self._running():
                self._qmp.sendall(qmp.hmp(self._budget.next_part()) + qmp.command("cont"))
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
        if not self._spares or not self.regs()["hlt"]:
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
        elif self._budget.paused:
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
                if message["id"] and not self._budget.take_answer(message["id"]):
                    self._answers[message["id"]] = message
            elif message.get("event") in ("STOP", "WATCHDOG"):
                self._take_pause(message)
            elif message.get("event") == "SHUTDOWN":
                self._reason = message["data"].get("reason", "")

    def _take_pause(self, message: dict[str, Any]) -> None:
        stopped = self._stopped or self._gdb_socket is not None or bool(self._reason)
        if self._budget.take_pause(message, stopped) and not stopped:
            with contextlib.suppress(OSError):  # just before it got the fresh budget
                self._qmp.sendall(qmp.command("cont"))

    def _check_version(self, version: dict[str, int]) -> None:
        self._started = True
        if (version["major"], version["minor"]) < _OLDEST:
            text = f"QEMU {version['major']}.{version['minor']} is too old"
            self.close()
            raise QemuTooOld(f"{text}: {_OLDEST[0]}.{_OLDEST[1]} or newer is needed")

    def _drain(self) -> None:
        """Read all that the guest wrote before the moment of now."""
        if self._exited:
            return  # it was read then
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
        said = os.pread(self._stderr, 4000, 0).decode("utf-8", "replace").strip()
        self.end = end_of(self._status, self._reason, said, self._started)
        if self.end is not None and self.end.kind in ("astray", "abort"):
            self._note("QEMU gives up on it")
        if self.end is None:
            raise QemuCrashed(crash_text(self._status, said, self._started))

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
        """Where there is a screen: what it shows last."""
        if self.screen_folder and self.spec.vga != "none" and self.end is None:
            self.keep_screen(self.screen_folder)

    # -- details ------------------------------------------------------------------

    def _note(self, reason: str) -> None:
        """Somebody outside changes the machine."""
        self.unrecorded = self.unrecorded or reason

    def _verdict_bytes(self) -> bytes:
        """With what it wrote before something that was seen elsewhere, such as its prompt."""
        self._drain()
        return bytes(self.verdict_log if self.spec.debugcon else self.serial)

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
