// SPDX-License-Identifier: Apache-2.0
/*
 * A library for LD_PRELOAD that stands between a program and the files of one folder:
 *
 *   STORE_SHIM_FOLDER  the folder
 *   STORE_SHIM_LOG     every change and every flush of its files is appended here, after it was
 * done (StoreLog.cs reads it) STORE_SHIM_FAIL    while this file exists, flushes fail with EIO and
 * do nothing: the first N of them, or all if it says -1
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum operation {
	OPERATION_WRITE = 1,
	OPERATION_TRUNCATE,
	OPERATION_SYNC,
	OPERATION_SYNC_FOLDER,
	OPERATION_RENAME,
	OPERATION_UNLINK,
	OPERATION_CREATE,
};

/* A record: this header, the path below the folder, the data. */
struct __attribute__((packed)) header {
	uint8_t operation;
	uint16_t path_length;
	uint32_t data_length;
	uint64_t offset;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;

#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

/* Returns the part of a path below the folder, "" for the folder itself, or null for another place.
 */
static const char *below(const char *path)
{
	const char *folder = getenv("STORE_SHIM_FOLDER");
	size_t length = folder ? strlen(folder) : 0;

	if (!length || strncmp(path, folder, length) != 0)
		return NULL;
	if (path[length] == '\0')
		return "";
	return path[length] == '/' ? path + length + 1 : NULL;
}

static const char *below_fd(int fd, char *buffer)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, buffer, PATH_MAX - 1);
	if (length <= 0)
		return NULL;
	buffer[length] = '\0';
	return below(buffer);
}

static void record(enum operation operation, const char *path, uint64_t offset, const void *data,
		   size_t length)
{
	struct header header = {
		.operation = operation,
		.path_length = strlen(path),
		.data_length = length,
		.offset = offset,
	};
	struct iovec parts[] = {
		{&header, sizeof(header)},
		{(void *)path, header.path_length},
		{(void *)data, length},
	};
	const char *log = getenv("STORE_SHIM_LOG");
	int saved = errno;

	if (!log)
		return;
	pthread_mutex_lock(&lock);
	if (log_fd < 0)
		log_fd = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (writev(log_fd, parts, 3) != (ssize_t)(sizeof(header) + header.path_length + length))
		abort();
	pthread_mutex_unlock(&lock);
	errno = saved;
}

/* Whether this flush must fail. */
static int fails(void)
{
	const char *control = getenv("STORE_SHIM_FAIL");
	int rest = 0;
	FILE *file;

	if (!control)
		return 0;
	pthread_mutex_lock(&lock);
	file = fopen(control, "r+");
	if (file) {
		if (fscanf(file, "%d", &rest) == 1 && rest > 0) {
			rewind(file);
			fprintf(file, "%d \n", rest - 1);
		}
		fclose(file);
	}
	pthread_mutex_unlock(&lock);
	return rest != 0;
}

static int flush(int fd, int (*real)(int))
{
	char buffer[PATH_MAX];
	const char *path = below_fd(fd, buffer);
	int result;

	if (path && fails()) {
		errno = EIO;
		return -1;
	}
	result = real(fd);
	if (path && result == 0)
		record(*path ? OPERATION_SYNC : OPERATION_SYNC_FOLDER, path, 0, NULL, 0);
	return result;
}

int fsync(int fd)
{
	return flush(fd, REAL(fsync));
}

int fdatasync(int fd)
{
	return flush(fd, REAL(fdatasync));
}

static ssize_t written(int fd, ssize_t result, const void *data, off_t offset)
{
	char buffer[PATH_MAX];
	const char *path = result > 0 ? below_fd(fd, buffer) : NULL;

	if (path)
		record(OPERATION_WRITE, path, offset, data, result);
	return result;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
	return written(fd, REAL(pwrite)(fd, data, length, offset), data, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
	return written(fd, REAL(pwrite64)(fd, data, length, offset), data, offset);
}

ssize_t write(int fd, const void *data, size_t length)
{
	char buffer[PATH_MAX];
	off_t offset = below_fd(fd, buffer) ? lseek(fd, 0, SEEK_CUR) : -1;
	ssize_t result = REAL(write)(fd, data, length);

	return offset < 0 ? result : written(fd, result, data, offset);
}

static int truncated(int fd, int result, off_t length)
{
	char buffer[PATH_MAX];
	const char *path = result == 0 ? below_fd(fd, buffer) : NULL;

	if (path)
		record(OPERATION_TRUNCATE, path, length, NULL, 0);
	return result;
}

int ftruncate(int fd, off_t length)
{
	return truncated(fd, REAL(ftruncate)(fd, length), length);
}

int ftruncate64(int fd, off64_t length)
{
	return truncated(fd, REAL(ftruncate64)(fd, length), length);
}

int unlink(const char *path)
{
	int result = REAL(unlink)(path);
	const char *name = result == 0 ? below(path) : NULL;

	if (name)
		record(OPERATION_UNLINK, name, 0, NULL, 0);
	return result;
}

int rename(const char *from, const char *to)
{
	int result = REAL(rename)(from, to);
	const char *old = result == 0 ? below(from) : NULL;
	const char *new = result == 0 ? below(to) : NULL;

	if (old && new)
		record(OPERATION_RENAME, old, 0, new, strlen(new));
	return result;
}

static mode_t mode_of(int flags, va_list arguments)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

static int opened(const char *path, int flags, int existed, int result)
{
	const char *name = result >= 0 ? below(path) : NULL;

	if (name && (flags & O_CREAT) && !existed)
		record(OPERATION_CREATE, name, 0, NULL, 0);
	else if (name && (flags & O_TRUNC))
		record(OPERATION_TRUNCATE, name, 0, NULL, 0);
	return result;
}

int open(const char *path, int flags, ...)
{
	int existed = access(path, F_OK) == 0;
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return opened(path, flags, existed, REAL(open)(path, flags, mode));
}

int open64(const char *path, int flags, ...)
{
	int existed = access(path, F_OK) == 0;
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return opened(path, flags, existed, REAL(open64)(path, flags, mode));
}
