# SPDX-License-Identifier: MIT
"""Strata's autograder: boots each stage in QEMU and judges what the machine did."""
