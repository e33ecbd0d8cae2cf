# SPDX-License-Identifier: MIT
"""The verdict port's words: right ones are read, wrong ones are seen through."""

from __future__ import annotations

from strata.kernel_run import options, to_failure
from strata.ktap import NO_TOKEN, own_lines, parse

TOKEN = "1234abcd"


def said(*lines: str, token: str = TOKEN) -> bytes:
    """Lines as the kernel sends them."""
    return "".join(f"@{token} {line}\n" for line in lines).encode()


def test_a_whole_run_is_read() -> None:
    log = parse(
        said("KTAP version 1", "1..2", "# start a", "ok 1 a", "# start b", "not ok 2 b", "# done"),
        TOKEN,
    )
    assert log.plan == 2 and log.done
    assert log.tests["a"].passed is True
    assert log.tests["b"].passed is False
    assert log.ended == ["a", "b"]
    assert log.running is None


def test_a_diagnostic_becomes_expected_and_seen() -> None:
    log = parse(
        said(
            "# start a",
            "# a: round 3",
            "# a: lab0-boot/tests/x_test.c:12: expected 5 (0x5), got 6 (0x6) from f(2)",
            "not ok 1 a",
        ),
        TOKEN,
    )
    failure = to_failure(log.tests["a"])
    assert failure.where == "lab0-boot/tests/x_test.c:12"
    assert failure.expected == "5 (0x5)"
    assert failure.seen == "6 (0x6) from f(2)"
    assert failure.detail == "round 3"


def test_a_condition_has_no_seen_value() -> None:
    log = parse(said("# start a", "# a: x.c:1: expected p != NULL", "not ok 1 a"), TOKEN)
    assert log.tests["a"].facts == ("x.c:1", "p != NULL", "")


def test_a_test_that_never_ended_is_named() -> None:
    log = parse(said("1..2", "# start a", "ok 1 a", "# start b"), TOKEN)
    assert log.running is not None and log.running.name == "b"
    assert not log.done


def test_forged_lines_count_for_nothing_and_are_kept() -> None:
    forged = b"ok 1 a\n" + said("ok 1 a", token="deadbeef") + said("not ok 1 a", token=NO_TOKEN)
    log = parse(forged + said("# start a", "not ok 1 a"), TOKEN)
    assert log.tests["a"].passed is False
    assert len(log.forged) == 3


def test_a_second_verdict_does_not_mend_the_first() -> None:
    log = parse(said("# start a", "not ok 1 a", "ok 1 a"), TOKEN)
    assert log.tests["a"].passed is False
    assert log.duplicates == ["a"]


def test_a_missing_plan_is_no_plan() -> None:
    assert parse(said("# start a", "ok 1 a"), TOKEN).plan is None


def test_binary_rubbish_is_noise() -> None:
    rubbish = bytes(range(256)) * 40
    log = parse(rubbish + b"\n" + said("# start a", "ok 1 a") + rubbish, TOKEN)
    assert log.tests["a"].passed is True
    assert log.noise_bytes > 1000


def test_a_record_in_the_middle_of_another_is_cut_out() -> None:
    own, rest = own_lines(b"junk@1234abcd ok 1 @1234abcd panic: x\n", TOKEN)
    assert own == ["ok 1 ", "panic: x"]
    assert rest == ["junk"]


def test_a_panic_record_is_read() -> None:
    log = parse(
        said(
            "# start a",
            "panic: page_free: pfn 7 is already free",
            "panic-at: lab2-memory/page.c:70",
            "bt: 0xffffffff80101234 page_free+0x12",
            "bt: 0xffffffff80105678 main+0x3",
            "fact: vector=0xe",
            "fact: stack=boot stack",
            "panic-end",
            "fact: vector=0x8",
        ),
        TOKEN,
    )
    assert log.panic is not None
    assert log.panic.where == "lab2-memory/page.c:70"
    assert len(log.panic.backtrace) == 2 and log.panic.complete
    assert log.panic.facts == {"vector": "0xe", "stack": "boot stack"}


def test_an_unwritten_exercise_is_read_with_any_loader_token() -> None:
    line = "exercise 0.6 (mbr_load) is not written yet: see lab0-boot/README.md"
    for data in (said(line), said(line, token=NO_TOKEN)):
        log = parse(data, TOKEN)
        assert [str(todo) for todo in log.todos] == ["exercise 0.6 (mbr_load) is not written yet"]


def test_a_loader_run_takes_no_ktap_without_a_token() -> None:
    log = parse(said("ok 1 a", token=NO_TOKEN), NO_TOKEN)
    assert not log.tests and log.forged


def test_options_are_short_or_split() -> None:
    names = [f"a_rather_long_name_of_a_test_{n}" for n in range(100)]
    cmdline, part = options(names, names, 255)
    assert cmdline.startswith("test=all seed=ff ") and part == names
    cmdline, part = options(names[1:], names, 255)
    assert f"skip={names[0]}" in cmdline and part == names[1:]
    cmdline, part = options(names[:50], names, 255)
    assert len(cmdline) < 1000 and part == names[: len(part)] and part
