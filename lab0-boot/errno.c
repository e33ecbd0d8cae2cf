/* SPDX-License-Identifier: MIT */
/*
 * errno.c - names and meanings of error numbers, from the table in errno.h.
 */
#include <lab0/errno.h>

#include <lab0/types.h>

static const struct {
	int		number;
	const char	*name;
	const char	*text;
} table[] = {
#define ERRNO_ROW(name, number, text) { number, #name, text },
	ERRNO_TABLE(ERRNO_ROW)
#undef ERRNO_ROW
};

static size_t
row_of(int err)
{
	size_t i = 0;

	/* Compared both ways: -err would overflow for INT_MIN. */
	while (i < ARRAY_SIZE(table) && table[i].number != err
	    && -table[i].number != err)
		i++;
	return i;
}

const char *
errno_name(int err)
{
	size_t row = row_of(err);

	if (err == 0)
		return "OK";
	return row < ARRAY_SIZE(table) ? table[row].name : "E?";
}

const char *
errno_text(int err)
{
	size_t row = row_of(err);

	if (err == 0)
		return "no error";
	return row < ARRAY_SIZE(table) ? table[row].text : "unknown error";
}
