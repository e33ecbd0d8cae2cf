/* SPDX-License-Identifier: MIT */
/*
 * choice.c - several candidates for one job, of which the best is taken.
 *
 * Offers    choice_pick.
 * Stands on printk.
 */
#include <lab0/choice.h>

#include <lab0/errno.h>
#include <lab0/printk.h>
#include <lab0/string.h>

struct candidates {
	const void	*const *start;
	const void	*const *stop;
	const char	*job;
};

static bool
works(const struct candidates *all, const struct choice *c)
{
	int err = c->probe();

	if (err)
		printk(LOG_INFO "%s: %s does not work here: %s\n", all->job,
		    c->name, errno_text(err));
	return err == 0;
}

/*
 * The best one that comes behind `last` in the order of preference: a lower
 * rating, or the same and later in the set. last is NULL for the very best.
 */
static const void *const *
next_best(const struct candidates *all, const void *const *last)
{
	const void *const *best = NULL;

	for (const void *const *at = all->start; at < all->stop; at++) {
		const struct choice *c = *at;
		unsigned limit = last
		    ? ((const struct choice *)*last)->rating : UINT32_MAX;

		if (c->rating > limit || (c->rating == limit && at <= last))
			continue;
		if (!best || c->rating > ((const struct choice *)*best)->rating)
			best = at;
	}
	return best;
}

static const struct choice *
pick_named(const struct candidates *all, const char *wanted)
{
	for (const void *const *at = all->start; at < all->stop; at++) {
		const struct choice *c = *at;

		if (strcmp(c->name, wanted) == 0)
			return works(all, c) ? c : NULL;
	}
	printk(LOG_WARNING "%s=%s: there is none of that name\n", all->job,
	    wanted);
	return NULL;
}

const struct choice *
choice_pick(const void *const *start, const void *const *stop,
    const char *job, const char *wanted)
{
	struct candidates all = { .start = start, .stop = stop, .job = job };
	const struct choice *named = wanted ? pick_named(&all, wanted) : NULL;

	if (named)
		return named;
	for (const void *const *at = next_best(&all, NULL); at;
	    at = next_best(&all, at)) {
		const struct choice *c = *at;

		if (wanted && strcmp(c->name, wanted) == 0)
			continue;	/* tried */
		if (works(&all, c))
			return *at;
	}
	return NULL;
}
