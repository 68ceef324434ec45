/* Writes down what a process does to the files below a folder, so that a power cut can be replayed.
 *
 * Loaded by LD_PRELOAD. POWER_ROOT is the folder, POWER_TRACE the file that takes the events, which
 * power_cut.py reads: a head of fixed size, then two pieces of bytes (names, or a name and data).
 * What only touches memory is left out: reading, locks, and the shared-memory file beside a WAL.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct head {
    char kind, pad[7];
    uint64_t inode, at;
    uint32_t first, second;
};

static int traced(const char *path) {
    const char *root = getenv("POWER_ROOT");
    size_t n = root ? strlen(root) : 0;
    return n && !strncmp(path, root, n) && (path[n] == '/' || !path[n]);
}

static void note(char kind, uint64_t inode, uint64_t at, const void *one, size_t first,
                 const void *two, size_t second) {
    static int out = -1;
    static pid_t owner;
    int kept = errno;
    if (out < 0 || owner != getpid()) {
        const char *name = getenv("POWER_TRACE");
        out = (int)syscall(SYS_openat, AT_FDCWD, name ? name : "",
                           O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        owner = getpid();
    }
    struct head head = {kind, {0}, inode, at, (uint32_t)first, (uint32_t)second};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)one, first}, {(void *)two, second}};
    if (out < 0 || syscall(SYS_writev, out, parts, 3) != (long)(sizeof head + first + second)) {
        static const char text[] = "power_trace: the trace cannot be written\n";
        syscall(SYS_write, 2, text, sizeof text - 1);
        _exit(97);
    }
    errno = kept;
}

/* The absolute path of a name as a call gets it; 0 when it is not below the folder. */
static int whole(int folder, const char *name, char *path) {
    char base[PATH_MAX], link[64];
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return traced(path);
    }
    if (folder == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) return 0;
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t n = readlink(link, base, sizeof base - 1);
        if (n < 0) return 0;
        base[n] = 0;
    }
    if (snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return 0;
    return traced(path);
}

/* The inode of an open file below the folder, 0 for another. `length` is its length. */
static uint64_t inode_of(int file, off_t *length, int *is_folder) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    if (!traced(path)) return 0;
    struct stat found;
    if (fstat(file, &found)) return 0;
    if (length) *length = found.st_size;
    if (is_folder) *is_folder = S_ISDIR(found.st_mode);
    return found.st_ino;
}

static void pair(char kind, const char *one, const char *two) {
    note(kind, 0, 0, one, strlen(one), two, two ? strlen(two) : 0);
}

/* --- opening: a new name, or a file cut to nothing ------------------------------------------- */

static int opened(int folder, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    struct stat before, after;
    int watched = (flags & (O_CREAT | O_TRUNC)) && whole(folder, name, path);
    int was = watched && !stat(path, &before);
    int file = (int)syscall(SYS_openat, folder, name, flags, mode);
    if (watched && file >= 0 && !fstat(file, &after)) {
        if (!was)
            note('C', after.st_ino, 0, path, strlen(path), NULL, 0);
        else if ((flags & O_TRUNC) && before.st_size)
            note('T', after.st_ino, 0, NULL, 0, NULL, 0);
    }
    return file;
}

#define OPENER(name, before, folder, extra)                              \
    int name(before const char *path, int flags, ...) {                  \
        mode_t mode = 0;                                                 \
        if (flags & (O_CREAT | O_TMPFILE)) {                             \
            va_list more;                                                \
            va_start(more, flags);                                       \
            mode = va_arg(more, mode_t);                                 \
            va_end(more);                                                \
        }                                                                \
        return opened(folder, path, flags | (extra), mode);              \
    }
#define NOTHING
#define FOLDER int folder,
OPENER(open, NOTHING, AT_FDCWD, 0)
OPENER(open64, NOTHING, AT_FDCWD, O_LARGEFILE)
OPENER(openat, FOLDER, folder, 0)
OPENER(openat64, FOLDER, folder, O_LARGEFILE)

int creat(const char *path, mode_t mode) {
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* --- bytes ------------------------------------------------------------------------------------ */

ssize_t write(int file, const void *data, size_t size) {
    off_t length = 0;
    uint64_t inode = inode_of(file, &length, NULL);
    off_t at = 0;
    if (inode) at = (fcntl(file, F_GETFL) & O_APPEND) ? length : lseek(file, 0, SEEK_CUR);
    ssize_t done = syscall(SYS_write, file, data, size);
    if (inode && done > 0) note('W', inode, (uint64_t)at, NULL, 0, data, (size_t)done);
    return done;
}

static ssize_t written_at(int file, const void *data, size_t size, off_t at) {
    ssize_t done = syscall(SYS_pwrite64, file, data, size, at);
    uint64_t inode = done > 0 ? inode_of(file, NULL, NULL) : 0;
    if (inode) note('W', inode, (uint64_t)at, NULL, 0, data, (size_t)done);
    return done;
}

ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
    return written_at(file, data, size, at);
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
    return written_at(file, data, size, at);
}

static int cut(int file, off_t size) {
    int done = (int)syscall(SYS_ftruncate, file, size);
    uint64_t inode = done ? 0 : inode_of(file, NULL, NULL);
    if (inode) note('T', inode, (uint64_t)size, NULL, 0, NULL, 0);
    return done;
}

int ftruncate(int file, off_t size) { return cut(file, size); }
int ftruncate64(int file, off64_t size) { return cut(file, size); }

/* Calls that would write past us are refused, as on a file system that has none of them; their
 * callers then write in the ordinary way. */
ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *then, size_t size, unsigned flags) {
    (void)from, (void)at, (void)to, (void)then, (void)size, (void)flags;
    errno = ENOSYS;
    return -1;
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    if (!inode_of(file, NULL, NULL)) return syscall(SYS_writev, file, parts, count);
    return write(file, parts[0].iov_base, parts[0].iov_len); /* less than asked for */
}

int posix_fallocate(int file, off_t at, off_t size) {
    (void)file, (void)at, (void)size;
    return EOPNOTSUPP;
}
int posix_fallocate64(int file, off64_t at, off64_t size) { return posix_fallocate(file, at, size); }

ssize_t sendfile64(int to, int from, off64_t *at, size_t size) {
    if (inode_of(to, NULL, NULL)) {
        errno = ENOTSOCK; /* shutil then copies by reading and writing */
        return -1;
    }
    return syscall(SYS_sendfile, to, from, at, size);
}
ssize_t sendfile(int to, int from, off_t *at, size_t size) { return sendfile64(to, from, at, size); }

/* --- what reaches the disk -------------------------------------------------------------------- */

static int flushed(int file) {
    int is_folder = 0;
    uint64_t inode = inode_of(file, NULL, &is_folder);
    char link[64], path[PATH_MAX];
    if (!inode) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t n = readlink(link, path, sizeof path);
    note(is_folder ? 'D' : 'S', inode, 0, path, n > 0 ? (size_t)n : 0, NULL, 0);
    return 0;
}

/* Nothing here waits for a disk: that it was asked for is what counts. */
int fsync(int file) { return flushed(file); }
int fdatasync(int file) { return flushed(file); }

/* --- names ------------------------------------------------------------------------------------ */

#define TWO(name, head, from, one, to, two, call, kind)                     \
    int name head {                                                         \
        char a[PATH_MAX], b[PATH_MAX];                                      \
        int watched = whole(from, one, a) + whole(to, two, b);              \
        int done = (int)(call);                                             \
        if (!done && watched) pair(kind, a, b);                             \
        return done;                                                        \
    }
TWO(rename, (const char *one, const char *two), AT_FDCWD, one, AT_FDCWD, two,
    syscall(SYS_renameat, AT_FDCWD, one, AT_FDCWD, two), 'R')
TWO(renameat, (int f, const char *one, int t, const char *two), f, one, t, two,
    syscall(SYS_renameat, f, one, t, two), 'R')
TWO(link, (const char *one, const char *two), AT_FDCWD, one, AT_FDCWD, two,
    syscall(SYS_linkat, AT_FDCWD, one, AT_FDCWD, two, 0), 'L')
TWO(linkat, (int f, const char *one, int t, const char *two, int flags), f, one, t, two,
    syscall(SYS_linkat, f, one, t, two, flags), 'L')

#define ONE(name, head, folder, path, call, kind)                           \
    int name head {                                                         \
        char a[PATH_MAX];                                                   \
        int watched = whole(folder, path, a);                               \
        int done = (int)(call);                                             \
        if (!done && watched) pair(kind, a, NULL);                          \
        return done;                                                        \
    }
ONE(unlink, (const char *path), AT_FDCWD, path, syscall(SYS_unlinkat, AT_FDCWD, path, 0), 'U')
ONE(unlinkat, (int f, const char *path, int flags), f, path,
    syscall(SYS_unlinkat, f, path, flags), 'U')
ONE(rmdir, (const char *path), AT_FDCWD, path,
    syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR), 'U')
ONE(mkdir, (const char *path, mode_t mode), AT_FDCWD, path,
    syscall(SYS_mkdirat, AT_FDCWD, path, mode), 'M')
ONE(mkdirat, (int f, const char *path, mode_t mode), f, path,
    syscall(SYS_mkdirat, f, path, mode), 'M')
