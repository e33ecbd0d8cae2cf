# SPDX-License-Identifier: MIT
"""`python -m strata VERB`: what the Makefile runs. Options come as variables in the
environment (LAB, SOLVED, TEST, JOBS, SEED, EX, BUILD, PLAIN), as make exports them."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Callable

from .errors import Failure, StrataError, UsageError, os_trouble

__all__ = ["main"]


def main(words: list[str]) -> int:
    """Run one verb; every expected trouble is one clear line."""
    verb, *rest = words or ["help"]
    run = _VERBS.get(verb)
    if run is None:
        print(f"strata: no verb '{verb}'; there are {', '.join(_VERBS)}", file=sys.stderr)
        return 2
    try:
        return run(rest)
    except (StrataError, Failure) as error:
        print(f"{verb}: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        print(f"{verb}: Python's {error.name} is missing; see `make doctor`", file=sys.stderr)
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        print(f"{verb}: {os_trouble(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{verb}: stopped", file=sys.stderr)
        return 130
    return 2


def _grade(words: list[str]) -> int:
    from .grade import grade, request

    if "--first" in words:
        return grade(request(os.environ, "watch"), "first")
    return grade(request(os.environ, "grade"))


def _grade_one(_words: list[str]) -> int:
    from .grade import grade, request

    if not os.environ.get("TEST"):
        raise UsageError(
            "grade-one needs a test: make grade-one TEST=... (`make tests` names them)"
        )
    return grade(request(os.environ, "grade-one"), "logs")


def _provided(_words: list[str]) -> int:
    from .provided import run_provided

    return run_provided(os.environ)


def _debug(_words: list[str]) -> int:
    from .debug import debug

    return debug(os.environ)


def _doctor(_words: list[str]) -> int:
    from .doctor import doctor

    return doctor()


def _skeletons(words: list[str]) -> int:
    from .lab import load_course
    from .skeletons import check, generate

    course = load_course(Path.cwd())
    if "--check" in words:
        lines = check(course)
        print("\n".join(lines) if lines else "skeletons: all are as their solutions give them")
        return 1 if lines else 0
    lines = generate(course, Path(os.environ.get("BUILD") or "build"))
    print("\n".join(lines) if lines else "skeletons: nothing to do")
    return 0


def _lint(_words: list[str]) -> int:
    from .discover import lint
    from .lab import load_course

    lines = lint(load_course(Path.cwd()))
    print("\n".join(lines) if lines else "lint: every exercise has its tests")
    return 1 if lines else 0


def _state(words: list[str]) -> int:
    from .lab import load_course
    from .planning import read_states

    course = load_course(Path.cwd())
    for ident, state in read_states(course).items():
        if "--stand-in" not in words:
            print(f"{ident} {state.value}")
        elif course.by_id[ident].stand_in and state.value == "not begun":
            print(ident)
    return 0


def _module(name: str) -> Callable[[list[str]], int]:
    """A verb that is the main() of a module, imported when it is used."""

    def run(words: list[str]) -> int:
        done = import_module(f".{name}", __package__).main(words)
        return int(done)

    return run


def _help(_words: list[str]) -> int:
    print(f"verbs: {', '.join(_VERBS)}")
    return 0


_VERBS: dict[str, Callable[[list[str]], int]] = {
    "grade": _grade,
    "grade-one": _grade_one,
    "debug": _debug,
    "doctor": _doctor,
    "skeletons": _skeletons,
    "lint": _lint,
    "provided": _provided,
    "state": _state,
    "rewind": _module("rewind"),
    "run": _module("run"),
    "monitor": _module("monitor"),
    "bench": _module("bench"),
    "editor": _module("editor"),
    "challenge": _module("challenge"),
    "roadmap": _module("roadmap"),
    "mistakes": _module("mistakes"),
    "broken": _module("broken"),
    "check": _module("check"),
    "rescue": _module("rescue"),
    "hint": _module("hint"),
    "progress": _module("progress"),
    "compare": _module("compare"),
    "watch": _module("watch"),
    "answers": _module("answers"),
    "handin": _module("handin"),
    "grade-class": _module("grade_class"),
    "gradescope": _module("gradescope"),
    "classroom": _module("classroom"),
    "chain": _module("chain"),
    "chain-check": _module("chain_check"),
    "serial": _module("serial"),
    "tests": _module("discover"),
    "walkthrough": _module("walkthrough"),
    "site": _module("site"),
    "help": _help,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
