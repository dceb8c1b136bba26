/* Makes one call that writes below a folder fail, or all from it on: to be preloaded into a process on Linux.

   KITH_FAIL_UNDER   the folder; other files are left alone
   KITH_FAIL_AT      the number of the first call that fails; 0 for none
   KITH_FAIL_ERRNO   with which error
   KITH_FAIL_READS   set: calls that read count and fail as well
   KITH_FAIL_ALWAYS  set: all calls from there on fail, as on a disk that stays full
   KITH_FAIL_SIGNAL  a signal that the process gets at that call, which then goes on: 9 kills it, 19 halts it
   KITH_FAIL_COUNT   a file that the number of calls is appended to when the process ends */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long calls = 0;

static int is_below(const char *path) {
    const char *under = getenv("KITH_FAIL_UNDER");
    return under && path && strncmp(path, under, strlen(under)) == 0;
}

static int fails(const char *path) {
    if (!is_below(path)) return 0;
    const char *at = getenv("KITH_FAIL_AT"), *number = getenv("KITH_FAIL_ERRNO");
    long first = at ? atol(at) : 0, call = __sync_add_and_fetch(&calls, 1);
    if (!first || call < first || (call > first && !getenv("KITH_FAIL_ALWAYS"))) return 0;
    const char *signal = getenv("KITH_FAIL_SIGNAL");
    if (signal) {
        raise(atoi(signal));
        return 0;
    }
    errno = number ? atoi(number) : EIO;
    return 1;
}

static int fd_fails(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(path);
}

__attribute__((destructor)) static void tell(void) {
    const char *file = getenv("KITH_FAIL_COUNT");
    FILE *out = file && calls ? fopen(file, "a") : NULL;
    if (!out) return;
    fprintf(out, "%ld\n", calls);
    fclose(out);
}

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, name, const char *, int, ...); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return (flags & (O_CREAT | O_TRUNC)) && fails(path) ? -1 : real(path, flags, mode); \
    }
OPENS(open)
OPENS(open64)

#define ON_FD(result, name, parameters, types, arguments) \
    result name parameters { \
        REAL(result, name, types); \
        return fd_fails(fd) ? -1 : real arguments; \
    }
#define COMMA ,
ON_FD(ssize_t, write, (int fd, const void *data, size_t size), int COMMA const void * COMMA size_t, (fd, data, size))
ON_FD(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), int COMMA const void * COMMA size_t COMMA off_t, (fd, data, size, at))
ON_FD(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), int COMMA const void * COMMA size_t COMMA off64_t, (fd, data, size, at))
ON_FD(int, fsync, (int fd), int, (fd))
ON_FD(int, fdatasync, (int fd), int, (fd))
ON_FD(int, ftruncate, (int fd, off_t size), int COMMA off_t, (fd, size))
ON_FD(int, ftruncate64, (int fd, off64_t size), int COMMA off64_t, (fd, size))
ON_FD(ssize_t, sendfile, (int fd, int from, off_t *at, size_t size), int COMMA int COMMA off_t * COMMA size_t, (fd, from, at, size))
ON_FD(ssize_t, sendfile64, (int fd, int from, off64_t *at, size_t size), int COMMA int COMMA off64_t * COMMA size_t, (fd, from, at, size))
ON_FD(ssize_t, copy_file_range, (int from, off64_t *at, int fd, off64_t *to, size_t size, unsigned flags), int COMMA off64_t * COMMA int COMMA off64_t * COMMA size_t COMMA unsigned, (from, at, fd, to, size, flags))

#define READS(name, parameters, types, arguments) \
    ssize_t name parameters { \
        REAL(ssize_t, name, types); \
        return getenv("KITH_FAIL_READS") && fd_fails(fd) ? -1 : real arguments; \
    }
READS(read, (int fd, void *data, size_t size), int COMMA void * COMMA size_t, (fd, data, size))
READS(pread64, (int fd, void *data, size_t size, off64_t at), int COMMA void * COMMA size_t COMMA off64_t, (fd, data, size, at))

#define ON_PATH(name, parameters, types, arguments) \
    int name parameters { \
        REAL(int, name, types); \
        return fails(path) ? -1 : real arguments; \
    }
ON_PATH(rename, (const char *path, const char *to), const char * COMMA const char *, (path, to))
ON_PATH(link, (const char *path, const char *to), const char * COMMA const char *, (path, to))
ON_PATH(unlink, (const char *path), const char *, (path))
ON_PATH(mkdir, (const char *path, mode_t mode), const char * COMMA mode_t, (path, mode))
ON_PATH(rmdir, (const char *path), const char *, (path))

int linkat(int at, const char *path, int to_at, const char *to, int flags) {
    REAL(int, linkat, int, const char *, int, const char *, int);
    return fails(path) ? -1 : real(at, path, to_at, to, flags);
}
