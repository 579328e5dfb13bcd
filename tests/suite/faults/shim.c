/* Preloaded into the server by the fault tests. Below one directory (FAULTS_SHIM_ROOT) it logs every call that changes a file, a
 * name or what is on stable storage (FAULTS_SHIM_LOG), and lets calls fail as a control file says (FAULTS_SHIM_CONTROL).
 *
 * The log is a sequence of records: a header (struct header), then path, second path and data without gaps. Calls other than syncs
 * are logged under one lock together with the call itself, so the order of the log is the order of the calls. A sync has two
 * records: what was written before the first is on stable storage once the second is there with result 0.
 *
 * sync_file_range promises nothing about size, block maps and the drive's cache, so it is not logged.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, RENAME, UNLINK, MKDIR, SYNC_BEGIN, SYNC_END, UNKNOWN };
/* Kinds of calls, for failures. */
enum { K_WRITE = 1, K_SYNC = 2, K_OPEN = 4, K_RENAME = 8, K_TRUNCATE = 16, K_MKDIR = 32, K_UNLINK = 64, K_RANGE = 128 };
/* Where: the journal, the index, the small files beside them. */
enum { IN_JOURNAL = 1, IN_INDEX = 2, BESIDE = 4 };
/* The control file: eight 64-bit numbers. */
enum { C_KINDS, C_PLACES, C_FIRST, C_LAST, C_ERRNO, C_SHORT, C_CALLS, C_HITS, C_WORDS };

struct header {
    uint32_t kind;
    int32_t result;
    uint64_t inode;
    uint64_t offset;
    uint64_t length;
    uint32_t path;
    uint32_t second;
};

static int log_fd = -1;
static char root[PATH_MAX];
static size_t root_length;
static dev_t root_device;
static volatile uint64_t *control;
static uint64_t syncs;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define FILES_MAX 65536
static struct { uint64_t inode; int place; } files[FILES_MAX];
static volatile size_t files_known;

__attribute__((constructor)) static void begin(void)
{
    const char *where = getenv("FAULTS_SHIM_ROOT");
    const char *log = getenv("FAULTS_SHIM_LOG");
    const char *orders = getenv("FAULTS_SHIM_CONTROL");
    struct stat status;
    if (!where || stat(where, &status) != 0)
        return;
    snprintf(root, sizeof root, "%s", where);
    root_length = strlen(root);
    root_device = status.st_dev;
    if (orders) {
        int fd = syscall(SYS_openat, AT_FDCWD, orders, O_RDWR | O_CLOEXEC, 0);
        void *at = mmap(NULL, C_WORDS * 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at != MAP_FAILED)
            control = at;
        syscall(SYS_close, fd);
    }
    if (log)
        log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static int is_below(const char *path)
{
    return log_fd >= 0 && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || !path[root_length]);
}

static const char *tail(const char *path) { return path + root_length; }

static int place_of(const char *path)
{
    if (strstr(tail(path), "/index"))
        return IN_INDEX;
    return strstr(tail(path), "/journal") ? IN_JOURNAL : BESIDE;
}

static void put(uint32_t kind, int32_t result, uint64_t inode, uint64_t offset, const char *path, const char *second,
                const void *data, uint64_t length)
{
    struct header header = {kind, result, inode, offset, length, path ? strlen(path) : 0, second ? strlen(second) : 0};
    struct iovec parts[] = {
        {&header, sizeof header},
        {(void *)path, header.path},
        {(void *)second, header.second},
        {(void *)data, length},
    };
    size_t whole = sizeof header + header.path + header.second + length;
    if (syscall(SYS_writev, log_fd, parts, 4) != (long)whole) {
        fprintf(stderr, "shim: the log cannot be written\n");
        abort();
    }
}

static void know(uint64_t inode, int place)
{
    for (size_t index = 0; index < files_known; index++)
        if (files[index].inode == inode) {
            files[index].place = place;
            return;
        }
    if (files_known == FILES_MAX)
        abort();
    files[files_known].inode = inode;
    files[files_known].place = place;
    __sync_synchronize();
    files_known++;
}

/* The place of an open file below the root, or 0. */
static int known(int fd, uint64_t *inode)
{
    struct stat status;
    if (log_fd < 0 || fstat(fd, &status) != 0 || status.st_dev != root_device)
        return 0;
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return 0;
    *inode = status.st_ino;
    for (size_t index = 0; index < files_known; index++)
        if (files[index].inode == status.st_ino)
            return files[index].place;
    return 0;
}

/* Whether this call is one that shall fail. Under the lock. */
static int shall_fail(uint64_t kind, int place)
{
    if (!control || !(control[C_KINDS] & kind) || !(control[C_PLACES] & place))
        return 0;
    uint64_t call = ++control[C_CALLS];
    if (call < control[C_FIRST] || control[C_LAST] < call)
        return 0;
    control[C_HITS]++;
    errno = (int)control[C_ERRNO];
    return 1;
}

static int open_file(int directory, const char *path, int flags, mode_t mode)
{
    if (!is_below(path))
        return syscall(SYS_openat, directory, path, flags, mode);
    struct stat status;
    pthread_mutex_lock(&lock);
    int fd = -1;
    int place = place_of(path);
    if (!shall_fail(K_OPEN, place)) {
        int is_there = stat(path, &status) == 0;
        off_t before = is_there ? status.st_size : 0;
        fd = syscall(SYS_openat, directory, path, flags, mode);
        if (fd >= 0 && fstat(fd, &status) == 0) {
            know(status.st_ino, place);
            if (!is_there)
                put(CREATE, 0, status.st_ino, 0, tail(path), NULL, NULL, 0);
            else if ((flags & O_TRUNC) && before > 0)
                put(TRUNCATE, 0, status.st_ino, 0, NULL, NULL, NULL, 0);
        }
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define MODE(flags)                                   \
    mode_t mode = 0;                                  \
    if ((flags) & (O_CREAT | O_TMPFILE)) {            \
        va_list rest;                                 \
        va_start(rest, flags);                        \
        mode = va_arg(rest, mode_t);                  \
        va_end(rest);                                 \
    }

int open(const char *path, int flags, ...) { MODE(flags) return open_file(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_file(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return open_file(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return open_file(at, path, flags | O_LARGEFILE, mode); }
int creat(const char *path, mode_t mode) { return open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/* Writes at an offset; without one at the file's own. */
static ssize_t write_file(int fd, const struct iovec *parts, int count, const off_t *at)
{
    uint64_t inode;
    int place = known(fd, &inode);
    if (!place)
        return at ? syscall(SYS_pwritev, fd, parts, count, (long)*at, 0L) : syscall(SYS_writev, fd, parts, count);
    size_t whole = 0;
    for (int index = 0; index < count; index++)
        whole += parts[index].iov_len;
    char *bytes = malloc(whole ? whole : 1);
    size_t filled = 0;
    for (int index = 0; index < count; index++) {
        memcpy(bytes + filled, parts[index].iov_base, parts[index].iov_len);
        filled += parts[index].iov_len;
    }
    pthread_mutex_lock(&lock);
    ssize_t written = -1;
    int fails = shall_fail(K_WRITE, place);
    if (!fails || (control[C_SHORT] && whole > 1)) {
        size_t length = fails ? whole / 2 : whole;
        off_t offset = at ? *at : lseek(fd, 0, (fcntl(fd, F_GETFL) & O_APPEND) ? SEEK_END : SEEK_CUR);
        written = at ? syscall(SYS_pwrite64, fd, bytes, length, (long)offset) : syscall(SYS_write, fd, bytes, length);
        if (written > 0)
            put(WRITE, 0, inode, offset, NULL, NULL, bytes, written);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    free(bytes);
    errno = error;
    return written;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    struct iovec part = {(void *)bytes, length};
    return write_file(fd, &part, 1, NULL);
}
ssize_t writev(int fd, const struct iovec *parts, int count) { return write_file(fd, parts, count, NULL); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    struct iovec part = {(void *)bytes, length};
    return write_file(fd, &part, 1, &at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { return pwrite(fd, bytes, length, at); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return write_file(fd, parts, count, &at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return write_file(fd, parts, count, &at); }

int ftruncate(int fd, off_t length)
{
    uint64_t inode;
    int place = known(fd, &inode);
    if (!place)
        return syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    int result = -1;
    if (!shall_fail(K_TRUNCATE, place) && (result = syscall(SYS_ftruncate, fd, length)) == 0)
        put(TRUNCATE, 0, inode, length, NULL, NULL, NULL, 0);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

int rename(const char *from, const char *to)
{
    if (!is_below(from) && !is_below(to))
        return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    pthread_mutex_lock(&lock);
    int result = -1;
    if (!shall_fail(K_RENAME, place_of(to)) && (result = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0)) == 0)
        put(RENAME, 0, 0, 0, tail(from), tail(to), NULL, 0);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

/* A file or an empty directory; a name in an open directory is told by that directory's own name. */
static int remove_name(int directory, const char *path, int flags)
{
    char whole[PATH_MAX * 2];
    snprintf(whole, sizeof whole, "%s", path);
    if (directory != AT_FDCWD && path[0] != '/') {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
        ssize_t length = readlink(link, whole, PATH_MAX);
        snprintf(whole + (length < 0 ? 0 : length), PATH_MAX, "/%s", path);
    }
    if (!is_below(whole))
        return syscall(SYS_unlinkat, directory, path, flags);
    pthread_mutex_lock(&lock);
    int result = -1;
    if (!shall_fail(K_UNLINK, place_of(whole)) && (result = syscall(SYS_unlinkat, directory, path, flags)) == 0)
        put(UNLINK, 0, 0, 0, tail(whole), NULL, NULL, 0);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}
int unlink(const char *path) { return remove_name(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return remove_name(AT_FDCWD, path, AT_REMOVEDIR); }
int unlinkat(int at, const char *path, int flags) { return remove_name(at, path, flags); }

int mkdir(const char *path, mode_t mode)
{
    if (!is_below(path))
        return syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    struct stat status;
    pthread_mutex_lock(&lock);
    int result = -1;
    if (!shall_fail(K_MKDIR, place_of(path)) && (result = syscall(SYS_mkdirat, AT_FDCWD, path, mode)) == 0
        && stat(path, &status) == 0)
        put(MKDIR, 0, status.st_ino, 0, tail(path), NULL, NULL, 0);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

static int sync_file(int fd, long call)
{
    uint64_t inode;
    int place = known(fd, &inode);
    if (!place)
        return syscall(call, fd);
    pthread_mutex_lock(&lock);
    int fails = shall_fail(K_SYNC, place);
    int error = errno;
    uint64_t id = ++syncs;
    put(SYNC_BEGIN, 0, inode, id, NULL, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    int result = -1;
    if (!fails) {
        result = syscall(call, fd);
        error = errno;
    }
    pthread_mutex_lock(&lock);
    put(SYNC_END, result, inode, id, NULL, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}
int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }

int sync_file_range(int fd, off64_t offset, off64_t length, unsigned int flags)
{
    uint64_t inode;
    int place = known(fd, &inode);
    pthread_mutex_lock(&lock);
    int fails = place && shall_fail(K_RANGE, place);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return fails ? -1 : syscall(SYS_sync_file_range, fd, offset, length, flags);
}

/* What the model does not know must not happen unseen. */
static void unknown(const char *name, const char *path)
{
    if (log_fd >= 0 && (!path || is_below(path))) {
        pthread_mutex_lock(&lock);
        put(UNKNOWN, 0, 0, 0, name, NULL, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
}
static void unknown_on(const char *name, int fd)
{
    uint64_t inode;
    if (known(fd, &inode))
        unknown(name, NULL);
}

int truncate(const char *path, off_t length) { unknown("truncate", path); return syscall(SYS_truncate, path, length); }
int truncate64(const char *path, off64_t length) { return truncate(path, length); }
int link(const char *from, const char *to) { unknown("link", to); return syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0); }
int symlink(const char *to, const char *path) { unknown("symlink", path); return syscall(SYS_symlinkat, to, AT_FDCWD, path); }
int renameat(int a, const char *from, int b, const char *to) { unknown("renameat", NULL); return syscall(SYS_renameat2, a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned int flags) { unknown("renameat2", NULL); return syscall(SYS_renameat2, a, from, b, to, flags); }
int mkdirat(int at, const char *path, mode_t mode) { unknown("mkdirat", NULL); return syscall(SYS_mkdirat, at, path, mode); }
int fallocate(int fd, int mode, off_t offset, off_t length) { unknown_on("fallocate", fd); return syscall(SYS_fallocate, fd, mode, offset, length); }
int fallocate64(int fd, int mode, off64_t offset, off64_t length) { return fallocate(fd, mode, offset, length); }
int posix_fallocate(int fd, off_t offset, off_t length) { return fallocate(fd, 0, offset, length) == 0 ? 0 : errno; }
int posix_fallocate64(int fd, off64_t offset, off64_t length) { return posix_fallocate(fd, offset, length); }
ssize_t copy_file_range(int from, off64_t *a, int to, off64_t *b, size_t length, unsigned int flags)
{
    unknown_on("copy_file_range", to);
    return syscall(SYS_copy_file_range, from, a, to, b, length, flags);
}
