/*
 * What guest programs test with: TAP lines by write(2), so that neither fork nor a signal handler repeats or mixes
 * output. A program ends with `return done();`.
 */
#ifndef TAP_H
#define TAP_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 1, 2), unused)) static void say(const char *format, ...)
{
	char line[1024];
	va_list args;
	va_start(args, format);
	int length = vsnprintf(line, sizeof line - 1, format, args);
	va_end(args);
	if (length > (int)sizeof line - 2)
		length = sizeof line - 2;
	line[length++] = '\n';
	for (int at = 0; at < length;) {
		ssize_t n = write(1, line + at, length - at);
		if (n < 0 && errno != EINTR)
			_exit(99);
		if (n > 0)
			at += n;
	}
}

__attribute__((unused)) static int tap_result(int good, const char *what, int line)
{
	int saved = errno;
	say("%s %d - %s", good ? "ok" : "not ok", ++tap_count, what);
	if (!good) {
		tap_failed++;
		say("# line %d, errno %d (%s)", line, saved, strerror(saved));
	}
	errno = saved;
	return good;
}

/* A condition holds. */
#define ok(condition, what) tap_result(!!(condition), what, __LINE__)

/* Two integers are equal. */
#define is(got, want, what)                                                                        \
	do {                                                                                       \
		long long got_ = (long long)(got), want_ = (long long)(want);                      \
		if (!tap_result(got_ == want_, what, __LINE__))                                    \
			say("# got %lld (0x%llx), want %lld (0x%llx)", got_, got_, want_, want_);  \
	} while (0)

/* Two strings are equal. */
#define is_str(got, want, what)                                                                    \
	do {                                                                                       \
		const char *got_ = (got), *want_ = (want);                                         \
		if (!tap_result(got_ && strcmp(got_, want_) == 0, what, __LINE__))                 \
			say("# got \"%s\", want \"%s\"", got_ ? got_ : "(null)", want_);           \
	} while (0)

/* A call fails with -1 and this errno. */
#define fails(call, error, what)                                                                   \
	do {                                                                                       \
		errno = 0;                                                                         \
		long long got_ = (long long)(call);                                                \
		int errno_ = errno;                                                                \
		if (!tap_result(got_ == -1 && errno_ == (error), what, __LINE__))                  \
			say("# result %lld, errno %d (%s), want errno %d (%s)", got_, errno_,      \
			    strerror(errno_), (error), strerror(error));                           \
	} while (0)

/* Preparation that must not fail. */
#define must(call)                                                                                 \
	({                                                                                         \
		__typeof__(call) result_ = (call);                                                 \
		if ((long long)(result_) == -1) {                                                  \
			say("Bail out! line %d: %s: %s", __LINE__, #call, strerror(errno));        \
			_exit(98);                                                                 \
		}                                                                                  \
		result_;                                                                           \
	})

__attribute__((unused)) static void skip(const char *what, const char *why)
{
	say("ok %d - %s # SKIP %s", ++tap_count, what, why);
}

__attribute__((unused)) static int done(void)
{
	say("1..%d", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
