/* SPDX-License-Identifier: MIT */
/*
 * choice.h - several candidates for one job, of which the best is taken.
 *
 * Interrupt controller, clock, event device: each candidate embeds a struct
 * choice, has a probe and a rating, and joins its job's linker set. The user
 * may name one by a boot option.
 *
 *	struct clock { struct choice choice; uint64_t (*read)(void); };
 *	SET_ADD(clock, tsc_clock.choice);			(candidate)
 *	c = CHOICE_PICK(clock, option_get("clock"));		(owner)
 *	clock = container_of(c, struct clock, choice);
 */
#ifndef LAB0_CHOICE_H
#define LAB0_CHOICE_H

#include <lab0/set.h>
#include <lab0/types.h>

struct choice {
	const char	*name;
	unsigned	rating;		/* higher is better */
	int		(*probe)(void);	/* 0: it works here; -Exxx */
};

/*
 * Probe candidates, best rating first (link order among equals), and take the
 * first that works. One that the user named comes before all others; if there
 * is none of that name, or it does not work, one line says so and the rest
 * are tried.
 *
 * start     first and behind the last pointer of a set of struct choice
 * job       what they are candidates for, for messages
 * wanted    a name, or NULL
 * returns   the winner; NULL: none works
 * context   boot; whatever the probes need
 */
const struct choice *choice_pick(const void *const *start,
    const void *const *stop, const char *job, const char *wanted);

#define CHOICE_PICK(set, wanted) \
	choice_pick(__start_set_##set, __stop_set_##set, #set, wanted)

#endif
