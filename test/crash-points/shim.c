/*
 * Stands between a process and its files: records what it asks of them, and fails at a moment of our choice.
 *
 * Preloaded with LD_PRELOAD. Every call that changes a file under ATOLL_CRASH_DIRECTORY is an operation
 * and is counted: making, writing, truncating, renaming, removing, syncing. Each is written to
 * ATOLL_CRASH_TRACE with its bytes, in the order in which they took effect, and so is all that the
 * process says on its standard output: what it had acknowledged by then is part of the same order.
 * What a disk may have kept at any of these moments follows from the trace; disk.ts works it out.
 *
 * ATOLL_CRASH says what goes wrong, and at which operation:
 *
 *   kill@K      the process is killed before operation K
 *   tear@K      the same, but if K is a write, half of its sectors are written
 *   eio@K+N     the first sync of a file from K on fails with EIO, once; the process is killed before
 *               the N-th operation after that, if it comes so far; never, if N is 0
 *   full@K+N    the disk has no room for N operations, from K on: the first write falls short, the
 *               others fail with ENOSPC
 *
 * SQLite's shared memory (-shm) is no part of what a disk keeps, and is passed over.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { SAY = 1, CREATE, MKDIR, WRITE, TRUNCATE, SYNC, SYNC_DIRECTORY, RENAME, UNLINK };

struct __attribute__((packed)) record {
  uint8_t kind;
  uint8_t error;
  uint16_t name_bytes;
  uint32_t data_bytes;
  uint64_t file;
  uint64_t offset;
};

static const char *directory;
static size_t directory_bytes;
static int trace = -1;
static char mode = 0;
static long at, lasting;
static long operations;
/* At which operation; 0 while nothing has. */
static long failed_at;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_ftruncate)(int, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_mkdir)(const char *, mode_t);

__attribute__((constructor)) static void begin(void) {
  real_open = dlsym(RTLD_NEXT, "open64");
  real_openat = dlsym(RTLD_NEXT, "openat");
  real_write = dlsym(RTLD_NEXT, "write");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_mkdir = dlsym(RTLD_NEXT, "mkdir");
  const char *trace_file = getenv("ATOLL_CRASH_TRACE");
  directory = getenv("ATOLL_CRASH_DIRECTORY");
  if (!directory || !trace_file) return;
  directory_bytes = strlen(directory);
  int opened = real_open(trace_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  /* Out of the way of the numbers that the process expects for its own files. */
  trace = fcntl(opened, F_DUPFD_CLOEXEC, 500);
  close(opened);
  const char *plan = getenv("ATOLL_CRASH");
  if (!plan) return;
  const char *number = strchr(plan, '@');
  if (!number) abort();
  mode = plan[0];
  char *end;
  at = strtol(number + 1, &end, 10);
  lasting = *end == '+' ? strtol(end + 1, NULL, 10) : 0;
}

/* ---- what is watched ---- */

static const char *name_of(const char *path) {
  if (trace < 0 || strncmp(path, directory, directory_bytes) != 0) return NULL;
  const char *rest = path + directory_bytes;
  if (*rest == '\0') return rest;
  if (*rest != '/') return NULL;
  size_t length = strlen(path);
  if (length > 4 && strcmp(path + length - 4, "-shm") == 0) return NULL;
  return rest + 1;
}

/* Writes the name of the file behind `fd` into `path`; NULL if it is not watched. */
static const char *name_of_descriptor(int fd, char *path) {
  if (trace < 0 || fd < 3 || fd == trace) return NULL;
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX);
  if (length <= 0) return NULL;
  path[length] = '\0';
  return name_of(path);
}

static uint64_t file_of(int fd, int *is_directory) {
  struct stat64 found;
  if (fstat64(fd, &found) != 0) abort();
  if (is_directory) *is_directory = S_ISDIR(found.st_mode);
  return found.st_ino;
}

/* ---- what is told ---- */

struct told {
  enum kind kind;
  int error;
  const char *name;
  uint64_t file;
  uint64_t offset;
  const void *data;
  size_t data_bytes;
};

static void tell(struct told told) {
  size_t name_bytes = told.name ? strlen(told.name) : 0;
  struct record record = {.kind = told.kind,
                          .error = (uint8_t)told.error,
                          .name_bytes = (uint16_t)name_bytes,
                          .data_bytes = (uint32_t)told.data_bytes,
                          .file = told.file,
                          .offset = told.offset};
  struct iovec parts[] = {{&record, sizeof record},
                          {(void *)told.name, name_bytes},
                          {(void *)told.data, told.data_bytes}};
  size_t all = sizeof record + name_bytes + told.data_bytes;
  if (real_writev(trace, parts, 3) != (ssize_t)all) abort();
}

/* ---- what goes wrong ---- */

/* Counts an operation; does not return if the process is to be killed before it. */
static void count(enum kind kind) {
  operations++;
  if (mode == 'k' && operations >= at) kill(getpid(), SIGKILL);
  if (mode == 'e' && failed_at && lasting > 0 && operations >= failed_at + lasting) kill(getpid(), SIGKILL);
  if (mode == 't' && operations >= at && kind != WRITE) kill(getpid(), SIGKILL);
}

static int is_torn(void) { return mode == 't' && operations >= at; }
static int is_full(void) { return mode == 'f' && operations >= at && operations < at + lasting; }

static int fails_to_sync(void) {
  if (mode != 'e' || operations < at || failed_at) return 0;
  failed_at = operations;
  return 1;
}

/* ---- the operations ---- */

/* A write falls short between two sectors: half of it, or nothing. */
static size_t part_of(size_t length) { return length / 2 - length / 2 % 512; }

static ssize_t write_at(int fd, const void *data, size_t length, off64_t offset, int is_positioned) {
  uint64_t file = file_of(fd, NULL);
  count(WRITE);
  if (!is_positioned) offset = lseek64(fd, 0, SEEK_CUR);
  size_t asked = length;
  if (is_torn() || (is_full() && !failed_at)) length = part_of(asked);
  else if (is_full()) length = 0;
  if (is_full()) failed_at = operations;
  if (length == 0 && asked > 0) {
    if (is_torn()) kill(getpid(), SIGKILL);
    errno = ENOSPC;
    return -1;
  }
  ssize_t done = is_positioned ? real_pwrite(fd, data, length, offset) : real_write(fd, data, length);
  if (done > 0)
    tell((struct told){
        .kind = WRITE, .file = file, .offset = (uint64_t)offset, .data = data, .data_bytes = (size_t)done});
  if (is_torn()) kill(getpid(), SIGKILL);
  return done;
}

static int sync_file(int fd, int (*real)(int)) {
  char path[PATH_MAX + 1];
  const char *name = name_of_descriptor(fd, path);
  if (!name) return real(fd);
  pthread_mutex_lock(&lock);
  int is_directory;
  uint64_t file = file_of(fd, &is_directory);
  enum kind kind = is_directory ? SYNC_DIRECTORY : SYNC;
  count(kind);
  /* Directories do not fail: a file system whose journal fails stops taking writes altogether. */
  int error = !is_directory && fails_to_sync() ? EIO : 0;
  /* Nothing is synced in truth: only the trace says what a power cut would leave. */
  tell((struct told){.kind = kind, .error = error, .name = name, .file = file});
  pthread_mutex_unlock(&lock);
  errno = error;
  return error ? -1 : 0;
}

static int open_file(const char *path, int flags, mode_t permissions) {
  const char *name = name_of(path);
  if (!name || !(flags & O_CREAT)) return real_open(path, flags, permissions);
  pthread_mutex_lock(&lock);
  int is_new = access(path, F_OK) != 0;
  if (is_new) count(CREATE);
  int fd = -1;
  if (is_new && is_full()) errno = ENOSPC;
  else fd = real_open(path, flags, permissions);
  if (fd >= 0 && is_new) tell((struct told){.kind = CREATE, .name = name, .file = file_of(fd, NULL)});
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

/* ---- the calls ---- */

static mode_t permissions_of(int flags, va_list rest) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t permissions = permissions_of(flags, rest);
  va_end(rest);
  return open_file(path, flags, permissions);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t permissions = permissions_of(flags, rest);
  va_end(rest);
  return open_file(path, flags, permissions);
}

int openat(int at_directory, const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t permissions = permissions_of(flags, rest);
  va_end(rest);
  return path[0] == '/' ? open_file(path, flags, permissions)
                        : real_openat(at_directory, path, flags, permissions);
}

ssize_t write(int fd, const void *data, size_t length) {
  char path[PATH_MAX + 1];
  if (trace >= 0 && fd == 1) {
    pthread_mutex_lock(&lock);
    ssize_t said = real_write(fd, data, length);
    if (said > 0) tell((struct told){.kind = SAY, .data = data, .data_bytes = (size_t)said});
    pthread_mutex_unlock(&lock);
    return said;
  }
  if (!name_of_descriptor(fd, path)) return real_write(fd, data, length);
  pthread_mutex_lock(&lock);
  ssize_t done = write_at(fd, data, length, 0, 0);
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  char path[PATH_MAX + 1];
  if (!name_of_descriptor(fd, path)) return real_pwrite(fd, data, length, offset);
  pthread_mutex_lock(&lock);
  ssize_t done = write_at(fd, data, length, offset, 1);
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
  return pwrite64(fd, data, length, offset);
}

int ftruncate64(int fd, off64_t size) {
  char path[PATH_MAX + 1];
  if (!name_of_descriptor(fd, path)) return real_ftruncate(fd, size);
  pthread_mutex_lock(&lock);
  count(TRUNCATE);
  int done = real_ftruncate(fd, size);
  if (done == 0)
    tell((struct told){.kind = TRUNCATE, .file = file_of(fd, NULL), .offset = (uint64_t)size});
  pthread_mutex_unlock(&lock);
  return done;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fsync(int fd) { return sync_file(fd, real_fsync); }
int fdatasync(int fd) { return sync_file(fd, real_fdatasync); }

int rename(const char *from, const char *to) {
  const char *from_name = name_of(from), *to_name = name_of(to);
  if (!from_name || !to_name) return real_rename(from, to);
  pthread_mutex_lock(&lock);
  count(RENAME);
  int done = real_rename(from, to);
  if (done == 0)
    tell((struct told){.kind = RENAME, .name = from_name, .data = to_name, .data_bytes = strlen(to_name)});
  pthread_mutex_unlock(&lock);
  return done;
}

int unlink(const char *path) {
  const char *name = name_of(path);
  if (!name || access(path, F_OK) != 0) return real_unlink(path);
  pthread_mutex_lock(&lock);
  count(UNLINK);
  int done = real_unlink(path);
  if (done == 0) tell((struct told){.kind = UNLINK, .name = name});
  pthread_mutex_unlock(&lock);
  return done;
}

int mkdir(const char *path, mode_t permissions) {
  const char *name = name_of(path);
  if (!name || access(path, F_OK) == 0) return real_mkdir(path, permissions);
  pthread_mutex_lock(&lock);
  count(MKDIR);
  int done = real_mkdir(path, permissions);
  if (done == 0) tell((struct told){.kind = MKDIR, .name = name});
  pthread_mutex_unlock(&lock);
  return done;
}
