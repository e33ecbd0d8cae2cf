# SPDX-License-Identifier: MIT
"""Code without hardware, on this machine: its tests, made-up input, clang's analyzer."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import Make, TREE, copy_tree, run

RUNS = 20000


def has_fuzzer() -> bool:
    """Whether clang is here, with libFuzzer."""
    if shutil.which("clang") is None:
        return False
    words = ["clang", "-fsanitize=fuzzer", "-###", "-x", "c", "/dev/null"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    found = re.search(r'"(\S*libclang_rt\.fuzzer\S*\.a)"', done.stderr)
    return found is not None and Path(found[1]).exists()


needs_fuzzer = pytest.mark.skipif(not has_fuzzer(), reason="needs clang and libFuzzer")
needs_clang = pytest.mark.skipif(shutil.which("clang") is None, reason="needs clang")


def hosted_names() -> set[str]:
    """The KTESTs of the files in the host_tests lists."""
    names: set[str] = set()
    for mk in TREE.glob("lab[0-9]*-*/lab.mk"):
        for line in re.findall(r"^host_tests \+= (.*)$", mk.read_text(), re.M):
            for word in line.split("#")[0].split():
                source = mk.parent / "tests" / word.replace(".o", ".c")
                names.update(re.findall(r"^KTEST\((\w+)", source.read_text(), re.M))
    return names


def test_hosted_tests_pass_under_the_sanitizers(make: Make) -> None:
    """Every KTEST of the listed files is judged; none fails, few need the machine."""
    done = make("host-test", "SOLVED=all")
    assert done.returncode == 0, done.stdout[-4000:]
    judged = {name: word for word, name in re.findall(r"^(ok|skip) (\w+)", done.stdout, re.M)}
    assert set(judged) == hosted_names()
    assert list(judged.values()).count("skip") <= 5, done.stdout


def test_hosted_tests_of_a_skeleton_wait_for_its_exercises(make: Make) -> None:
    """Nothing fails that is only not written yet."""
    done = make("host-test", "SOLVED=none")
    assert done.returncode == 0, done.stdout[-4000:]
    assert re.search(r"^skip \w+: waits for exercise 0\.2$", done.stdout, re.M)


def test_a_name_that_no_host_test_has_is_no_success(make: Make) -> None:
    """Nothing run is no answer: the names that begin alike are, for any part of a list."""
    done = make("host-test", "SOLVED=all", "TEST=the_walk*,plain_numers")
    assert done.returncode != 0 and " 0 failed" not in done.stdout, done.stdout
    assert "TEST=plain_numers: no test on this machine matches" in done.stdout
    assert "\n  plain_numbers_and_strings_come_out\n" in done.stdout


@needs_fuzzer
def test_no_made_up_input_breaks_a_parser(make: Make) -> None:
    """Each target: the kept corpus, then the same bounded runs every time."""
    done = make("fuzz", "SOLVED=all", f"RUNS={RUNS}")
    assert done.returncode == 0, done.stdout[-4000:]
    targets = {path.name for path in TREE.glob("lab[0-9]*-*/tests/corpus/*")}
    judged = re.findall(r"^ok fuzz (\w+): no fault in (\d+) runs", done.stdout, re.M)
    assert {name for name, _ in judged} == targets, "each target keeps a corpus"
    assert all(int(runs) >= RUNS for _, runs in judged)


@needs_fuzzer
def test_fuzzing_a_skeleton_names_the_exercise(make: Make) -> None:
    """A stub is no fault: its exercise is not begun."""
    targets = {"format": "0.2", "elf": "0.8", "timer_queue": "1.8"}
    done = make("fuzz", "SOLVED=none", "RUNS=10", f"TARGET={' '.join(targets)}")
    assert done.returncode == 0, done.stdout[-4000:]
    said = re.findall(r"^not begun fuzz (\w+): exercise (\S+) ", done.stdout, re.M)
    assert dict(said) == targets


@needs_clang
def test_the_analyzer_finds_nothing(make: Make) -> None:
    """clang's analyzer on every C source of the labs, finished and not begun."""
    for solved in ("all", "none"):
        done = make("analyze", f"SOLVED={solved}")
        assert done.returncode == 0, done.stdout[-4000:]
        assert "warning" not in done.stdout


def break_source(tree: Path, name: str, old: str, new: str) -> None:
    """Put a mistake into a source of a copy."""
    path = tree / name
    text = path.read_text()
    assert text.count(old) == 1, f"{name}: {old!r} is there {text.count(old)} times"
    path.write_text(text.replace(old, new))


BOUNDS = """
KTEST(bounds_hold) {
    expect_between(8, 8, 12);
    expect_between(12, 8, 12);
    expect_at_least(0, 0);
    expect_at_most(0, 0);
}
KTEST(bounds_least) { unsigned ticks = 5; expect_at_least(ticks * BOUND, 60000); }
KTEST(bounds_most) { expect_at_most(-1, 12); }
KTEST(bounds_both) { expect_between(7, 8, 12); }
"""
BOUNDS_SAID = (
    "expected at least 60000 (0xea60), got 50000 (0xc350) from ticks * BOUND",
    "expected at most 12 (0xc), got -1 (0xffffffffffffffff) from -1",
    "expected 8 (0x8) to 12 (0xc), got 7 (0x7) from 7",
)


@needs_fuzzer
def test_mistakes_are_found_on_the_host(tmp_path: Path) -> None:
    """One mistake for each of the three tools, which name the test, the input, the line.
    A bound that does not hold is said with both numbers."""
    tree = copy_tree(tmp_path / "tree")
    break_source(tree, "solutions/lab0-boot/format.c", "DIGITS_MAX = 22", "DIGITS_MAX = 9")
    break_source(tree, "lab0-boot/pvh.c", "at(p, address, 20)", "at(p, address, 15)")
    break_source(tree, "lab0-boot/option.c", "err = strtou64(", "(void)!strtou64(")
    path = tree / "lab0-boot/tests/string_test.c"
    path.write_text(path.read_text() + "enum { BOUND = 10000 };" + BOUNDS)

    done = run(["make", "host-test", "SOLVED=all", "TEST=the_extreme_*,bounds_*"], cwd=tree)
    assert done.returncode != 0
    assert "\nok bounds_hold" in done.stdout and all(one in done.stdout for one in BOUNDS_SAID)
    assert "format.c" in done.stdout and "runtime error" in done.stdout
    assert re.search(r"^not ok the_extreme_\w+: see the report above", done.stdout, re.M)

    done = run(["make", "fuzz", "SOLVED=all", "TARGET=pvh", "RUNS=100"], cwd=tree)
    assert done.returncode != 0
    assert "AddressSanitizer" in done.stdout and "pvh.c" in done.stdout
    assert "not ok fuzz pvh: again with make fuzz TARGET=pvh INPUT=" in done.stdout

    done = run(["make", "build/host/analyze/lab0-boot/option.ok"], cwd=tree)
    assert done.returncode != 0
    assert re.search(r"option\.c:\d+:\d+: \S*error: ", done.stdout), done.stdout[-2000:]
