#!/bin/sh
# SPDX-License-Identifier: MIT
#
# nearest.sh - which WORD of a list was meant: nearest.sh SLIP WORD..
# Prints the one with the fewest letters to change, or nothing where that is
# more than a third of them.
#
# Source    Wagner and Fischer, "The String-to-String Correction Problem"
#           (1974), with neighbours that change places as one step more.

slip=$1
shift
export slip
printf '%s\n' "$@" | awk '
	BEGIN { slip = ENVIRON["slip"] }
	function least(a, b) { return a < b ? a : b }
	function distance(s, t,    i, j, d, same) {
		for (i = 0; i <= length(s); i++) d[i, 0] = i
		for (j = 0; j <= length(t); j++) d[0, j] = j
		for (i = 1; i <= length(s); i++)
			for (j = 1; j <= length(t); j++) {
				same = substr(s, i, 1) == substr(t, j, 1)
				d[i, j] = least(least(d[i - 1, j], d[i, j - 1]) + 1,
				    d[i - 1, j - 1] + !same)
				if (i > 1 && j > 1 &&
				    substr(s, i, 1) == substr(t, j - 1, 1) &&
				    substr(s, i - 1, 1) == substr(t, j, 1))
					d[i, j] = least(d[i, j], d[i - 2, j - 2] + 1)
			}
		return d[length(s), length(t)]
	}
	{
		far = distance(toupper(slip), toupper($0))
		if (NR == 1 || far < best) { best = far; word = $0 }
	}
	END { if (best * 3 <= length(slip) + 1) print word }'
