/* SPDX-License-Identifier: MIT */
/*
 * errno.h - error numbers, in one table that makes enum and text.
 *
 * Functions return 0 or -Exxx. The numbers are Linux's, because the user ABI
 * is (upper floors add no numbers of their own).
 *
 * Source    POSIX.1-2017 <errno.h> for the meanings; Linux
 *           include/uapi/asm-generic/errno*.h for the numbers.
 */
#ifndef LAB0_ERRNO_H
#define LAB0_ERRNO_H

#define ERRNO_TABLE(X) \
	X(EPERM, 1, "operation not permitted") \
	X(ENOENT, 2, "no such file or directory") \
	X(ESRCH, 3, "no such process") \
	X(EINTR, 4, "interrupted") \
	X(EIO, 5, "input/output error") \
	X(ENXIO, 6, "no such device or address") \
	X(E2BIG, 7, "too long") \
	X(ENOEXEC, 8, "not an executable") \
	X(EBADF, 9, "bad file descriptor") \
	X(ECHILD, 10, "no child processes") \
	X(EAGAIN, 11, "try again") \
	X(ENOMEM, 12, "out of memory") \
	X(EACCES, 13, "permission denied") \
	X(EFAULT, 14, "bad address") \
	X(EBUSY, 16, "busy") \
	X(EEXIST, 17, "exists already") \
	X(EXDEV, 18, "link across devices") \
	X(ENODEV, 19, "no such device") \
	X(ENOTDIR, 20, "not a directory") \
	X(EISDIR, 21, "is a directory") \
	X(EINVAL, 22, "invalid argument") \
	X(ENFILE, 23, "too many open files in the system") \
	X(EMFILE, 24, "too many open files") \
	X(ENOTTY, 25, "not a terminal") \
	X(EFBIG, 27, "file too large") \
	X(ENOSPC, 28, "no space left") \
	X(ESPIPE, 29, "cannot seek") \
	X(EROFS, 30, "read-only file system") \
	X(EMLINK, 31, "too many links") \
	X(EPIPE, 32, "broken pipe") \
	X(ERANGE, 34, "out of range") \
	X(EDEADLK, 35, "deadlock") \
	X(ENAMETOOLONG, 36, "name too long") \
	X(ENOSYS, 38, "not implemented") \
	X(ENOTEMPTY, 39, "directory not empty") \
	X(ELOOP, 40, "too many symbolic links") \
	X(ENODATA, 61, "no data") \
	X(ETIME, 62, "timer expired") \
	X(EPROTO, 71, "protocol error") \
	X(EBADMSG, 74, "bad message") \
	X(EOVERFLOW, 75, "value too large") \
	X(EILSEQ, 84, "illegal byte sequence") \
	X(ENOTSOCK, 88, "not a socket") \
	X(EMSGSIZE, 90, "message too long") \
	X(ENOPROTOOPT, 92, "no such protocol option") \
	X(EPROTONOSUPPORT, 93, "protocol not supported") \
	X(EOPNOTSUPP, 95, "operation not supported") \
	X(EAFNOSUPPORT, 97, "address family not supported") \
	X(EADDRINUSE, 98, "address in use") \
	X(EADDRNOTAVAIL, 99, "address not available") \
	X(ENETDOWN, 100, "network is down") \
	X(ENETUNREACH, 101, "network is unreachable") \
	X(ECONNABORTED, 103, "connection aborted") \
	X(ECONNRESET, 104, "connection reset") \
	X(ENOBUFS, 105, "no buffer space") \
	X(EISCONN, 106, "is connected") \
	X(ENOTCONN, 107, "not connected") \
	X(ETIMEDOUT, 110, "timed out") \
	X(ECONNREFUSED, 111, "connection refused") \
	X(EHOSTUNREACH, 113, "no route to host") \
	X(EALREADY, 114, "already in progress") \
	X(EINPROGRESS, 115, "in progress") \
	X(ERESTARTSYS, 512, "interrupted wait, kernel internal")

#define ERRNO_ENUM(name, number, text) name = number,
enum errno {
	ERRNO_TABLE(ERRNO_ENUM)
};
#undef ERRNO_ENUM

/*
 * Name ("ENOMEM") and meaning ("out of memory") of an error.
 *
 * err       a number of the table or its negative; 0 gives "OK"
 * returns   a constant string; "E?" and "unknown error" for other numbers
 * context   any
 */
const char *errno_name(int err);
const char *errno_text(int err);

#endif
