/* SPDX-License-Identifier: MIT */
/*
 * ubsan.c - what -fsanitize=undefined calls when C's rules are broken.
 *
 * Owns      the report being made.
 * Offers    the __ubsan_handle_* functions of gcc 12 and clang 14, also in
 *           the _abort form of -fno-sanitize-recover.
 * Stands on log, panic; not on printk, which may be what is broken.
 * Source    LLVM compiler-rt, lib/ubsan/ubsan_handlers.h: names and layouts
 *           of what the compilers emit.
 *
 * Each handler makes one line: FILE:LINE:COLUMN, what was done, with which
 * values. Debug builds then panic.
 */
#include <lab0/types.h>

#include <lab0/format.h>
#include <lab0/log.h>
#include <lab0/panic.h>
#include <lab0/todo.h>

/* -- What the compiler hands over -- */

struct location {
	const char	*file;
	uint32_t	line, column;
};

enum type_kind { TYPE_INTEGER = 0, TYPE_FLOAT = 1 };

struct type {
	uint16_t	kind;
	uint16_t	info;	/* integer: bit 0 signed, above log2 of bits */
	char		name[];	/* quoted: 'int' */
};

/* A value of up to 64 bits itself, or a wider one's address. */
typedef uintptr_t value_t;

struct overflow_data {
	struct location		at;
	const struct type	*type;
};

struct shift_data {
	struct location		at;
	const struct type	*left, *right;
};

struct bounds_data {
	struct location		at;
	const struct type	*array, *index;
};

struct mismatch_data {
	struct location		at;
	const struct type	*type;
	uint8_t			log_alignment;
	uint8_t			access;
};

struct location_data {
	struct location		at;
};

struct typed_data {
	struct location		at;
	const struct type	*type;
};

struct argument_data {
	struct location		at;
	struct location		attribute;
	int			number;
};

struct builtin_data {
	struct location		at;
	uint8_t			kind;
};

struct conversion_data {
	struct location		at;
	const struct type	*from, *to;
};

struct alignment_data {
	struct location		at;
	struct location		assumption;
	const struct type	*type;
};

/* -- One line of text -- */

enum { LINE_BYTES = 320 };

static struct {
	bool			busy;	/* a report that breaks rules: ends */
	char			text[LINE_BYTES];
	struct format_out	out;
	struct location		at;
} report;

static void
put(const char *text)
{
	while (*text)
		format_putc(&report.out, *text++);
}

static void
put_number(uint64_t value, unsigned base)
{
	char digits[24], *at = digits + sizeof(digits);

	*--at = '\0';
	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	put(at);
}

static void
put_pointer(uint64_t address)
{
	put("0x");
	put_number(address, 16);
}

static unsigned
bits_of(const struct type *type)
{
	return 1u << (type->info >> 1);
}

static bool
is_negative(const struct type *type, value_t value)
{
	return type->kind == TYPE_INTEGER && type->info & 1
	    && bits_of(type) <= 64 && value >> (bits_of(type) - 1) & 1;
}

static void
put_value(const struct type *type, value_t value)
{
	if (type->kind != TYPE_INTEGER || bits_of(type) > 64) {
		put("a value of ");
		put(type->name);
		return;
	}
	if (is_negative(type, value)) {
		put("-");
		value = 0 - value;
	}
	if (bits_of(type) < 64)
		value &= ((value_t)1 << bits_of(type)) - 1;
	put_number(value, 10);
}

/* Start a line; false: a report is being made already. */
static bool
begin(const struct location *at)
{
	if (report.busy)
		return false;
	report.busy = true;
	report.at = *at;
	report.out = (struct format_out){
		.buffer = report.text, .room = LINE_BYTES - 2,
	};
	put(at->file ? at->file : "(unknown file)");
	put(":");
	put_number(at->line, 10);
	put(":");
	put_number(at->column, 10);
	put(": undefined behaviour: ");
	return true;
}

/* The panic shows the line, but by printk: not before exercise 0.2. */
static void
end(void)
{
	size_t len = MIN(report.out.length, report.out.room);

	report.busy = false;
	if (!DEBUG || !exercise_written("0.2")) {
		report.text[len] = '\n';
		log_write(2, report.text, len + 1);
		log_to_consoles();
	}
	report.text[len] = '\0';
	if (DEBUG)
		panic_at(report.at.file, report.at.line, "%s", report.text);
}

static void
report_text(const struct location *at, const char *text)
{
	if (!begin(at))
		return;
	put(text);
	end();
}

/* -- The handlers; their prototypes are the compiler's own knowledge -- */

/* HANDLER(name, parameters, arguments) { body }: both forms of a handler. */
#define HANDLER(name, parameters, arguments) \
	static void on_##name parameters; \
	void __ubsan_handle_##name parameters; \
	void __ubsan_handle_##name parameters \
	{ \
		panic_capture(); \
		on_##name arguments; \
	} \
	void __ubsan_handle_##name##_abort parameters; \
	void __ubsan_handle_##name##_abort parameters \
	{ \
		panic_capture(); \
		on_##name arguments; \
	} \
	static void on_##name parameters

static void
overflow(const struct overflow_data *data, value_t left, const char *operator,
    value_t right)
{
	if (!begin(&data->at))
		return;
	put_value(data->type, left);
	put(operator);
	put_value(data->type, right);
	put(" does not fit into ");
	put(data->type->name);
	end();
}

HANDLER(add_overflow, (const struct overflow_data *data, value_t left,
    value_t right), (data, left, right))
{
	overflow(data, left, " + ", right);
}

HANDLER(sub_overflow, (const struct overflow_data *data, value_t left,
    value_t right), (data, left, right))
{
	overflow(data, left, " - ", right);
}

HANDLER(mul_overflow, (const struct overflow_data *data, value_t left,
    value_t right), (data, left, right))
{
	overflow(data, left, " * ", right);
}

HANDLER(negate_overflow, (const struct overflow_data *data, value_t old),
    (data, old))
{
	overflow(data, 0, " - ", old);
}

HANDLER(divrem_overflow, (const struct overflow_data *data, value_t left,
    value_t right), (data, left, right))
{
	if (right)
		overflow(data, left, " / ", right);
	else
		report_text(&data->at, "division by zero");
}

HANDLER(shift_out_of_bounds, (const struct shift_data *data, value_t left,
    value_t right), (data, left, right))
{
	if (!begin(&data->at))
		return;
	put("shift of ");
	put_value(data->left, left);
	put(" by ");
	put_value(data->right, right);
	put(" bits, type ");
	put(data->left->name);
	end();
}

HANDLER(out_of_bounds, (const struct bounds_data *data, value_t index),
    (data, index))
{
	if (!begin(&data->at))
		return;
	put("index ");
	put_value(data->index, index);
	put(" is outside of ");
	put(data->array->name);
	end();
}

static const char *
access_name(uint8_t access)
{
	static const char *const names[] = {
		"load of", "store to", "reference to", "member access in",
		"member call on", "constructor call on", "downcast of",
		"downcast of", "upcast of", "cast to virtual base of",
		"binding of", "dynamic operation on",
	};

	return access < ARRAY_SIZE(names) ? names[access] : "use of";
}

HANDLER(type_mismatch_v1, (const struct mismatch_data *data, value_t pointer),
    (data, pointer))
{
	uint64_t alignment = 1ull << data->log_alignment;

	if (!begin(&data->at))
		return;
	put(access_name(data->access));
	put(" ");
	put(data->type->name);
	put(" at ");
	put_pointer(pointer);
	if (!pointer) {
		put(", the null pointer");
	} else if (pointer & (alignment - 1)) {
		put(", which is not a multiple of ");
		put_number(alignment, 10);
	} else {
		put(", where there is too little room for it");
	}
	end();
}

HANDLER(pointer_overflow, (const struct location_data *data, value_t base,
    value_t result), (data, base, result))
{
	if (!begin(&data->at))
		return;
	put("pointer arithmetic from ");
	put_pointer(base);
	put(" to ");
	put_pointer(result);
	end();
}

HANDLER(vla_bound_not_positive, (const struct typed_data *data, value_t bound),
    (data, bound))
{
	if (!begin(&data->at))
		return;
	put("an array of ");
	put_value(data->type, bound);
	put(" elements");
	end();
}

HANDLER(load_invalid_value, (const struct typed_data *data, value_t value),
    (data, value))
{
	if (!begin(&data->at))
		return;
	put_number(value, 10);
	put(" is no value of ");
	put(data->type->name);
	end();
}

HANDLER(nonnull_arg, (const struct argument_data *data), (data))
{
	if (!begin(&data->at))
		return;
	put("argument ");
	put_number((uint64_t)data->number, 10);
	put(" may not be the null pointer");
	end();
}

HANDLER(nullability_arg, (const struct argument_data *data), (data))
{
	on_nonnull_arg(data);
}

HANDLER(nonnull_return_v1, (const struct location_data *data,
    const struct location *at), (data, at))
{
	(void)data;
	report_text(at, "the null pointer is returned where that is excluded");
}

HANDLER(nullability_return_v1, (const struct location_data *data,
    const struct location *at), (data, at))
{
	on_nonnull_return_v1(data, at);
}

HANDLER(invalid_builtin, (const struct builtin_data *data), (data))
{
	report_text(&data->at, data->kind ? "__builtin_clz of 0"
	    : "__builtin_ctz of 0");
}

HANDLER(float_cast_overflow, (const struct conversion_data *data,
    value_t from), (data, from))
{
	(void)from;
	report_text(&data->at, "a floating-point value does not fit into the "
	    "integer type");
}

HANDLER(implicit_conversion, (const struct conversion_data *data, value_t from,
    value_t to), (data, from, to))
{
	if (!begin(&data->at))
		return;
	put_value(data->from, from);
	put(" of ");
	put(data->from->name);
	put(" becomes ");
	put_value(data->to, to);
	put(" of ");
	put(data->to->name);
	end();
}

HANDLER(alignment_assumption, (const struct alignment_data *data,
    value_t pointer, value_t alignment, value_t offset),
    (data, pointer, alignment, offset))
{
	if (!begin(&data->at))
		return;
	put_pointer(pointer - offset);
	put(" was assumed to be a multiple of ");
	put_number(alignment, 10);
	end();
}

HANDLER(function_type_mismatch_v1, (const struct typed_data *data,
    value_t function), (data, function))
{
	if (!begin(&data->at))
		return;
	put("call of ");
	put_pointer(function);
	put(" as a function of type ");
	put(data->type->name);
	end();
}

/* There is nothing to go back to: panics in every build. */
static noreturn void
cannot_go_on(const struct location *at, const char *text)
{
	report_text(at, text);
	panic_at(at->file, at->line, "%s", text);
}

noreturn void __ubsan_handle_builtin_unreachable(
    const struct location_data *data);
noreturn void
__ubsan_handle_builtin_unreachable(const struct location_data *data)
{
	panic_capture();
	cannot_go_on(&data->at, "code was reached that never should be");
}

noreturn void __ubsan_handle_missing_return(const struct location_data *data);
noreturn void
__ubsan_handle_missing_return(const struct location_data *data)
{
	panic_capture();
	cannot_go_on(&data->at, "the end of a function was reached that must "
	    "return a value");
}
