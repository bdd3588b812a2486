// Makes chosen system calls of a program fail, or kills the program at one of them.
//
// Preloaded, because that reaches each call of the program as it is shipped, libndctl's included, without root, without
// ptrace (which containers often deny) and without a line in the program. It needs libc to be linked dynamically, which
// it is; calls that libc makes within itself (opendir, getenv) are not seen, and none of them changes anything.
//
//   INJECT_PATHS   prefixes of paths, separated by ":"; only calls on files below them are counted. A prefix that ends in
//                  "*" counts all paths that begin like it.
//   INJECT_PLAN    ACTION@N, separated by ","; N is the number of the counted call, from 1
//   INJECT_LOG     a file that gets a line for each counted call: its number, its name, its path, what was injected
//
// Actions:
//   fail=ERRNO     the call has no effect and fails
//   dead=ERRNO     so do all counted calls after it
//   after=ERRNO    the call takes effect and fails, as a write that reports an error of writeback
//   short          a write takes half of its bytes; other calls go through
//   kill           SIGKILL before the call
//   killafter      SIGKILL after it
//   int            SIGINT before the call, which then goes through
//
// link: -shared -fPIC -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum action { NONE, FAIL, DEAD, AFTER, SHORT, KILL, KILL_AFTER, INTERRUPT };

struct injection {
	enum action action;
	int error;
};

static const struct {
	const char *name;
	int error;
} errors[] = {
	{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EINTR", EINTR}, {"EBUSY", EBUSY}, {"ENXIO", ENXIO}, {"EACCES", EACCES},
	{"ENOMEM", ENOMEM}, {"EROFS", EROFS}, {"ENOTTY", ENOTTY},
};

static atomic_int calls;
static atomic_int dead;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// Whether a path is one of those that are counted.
static bool counts(const char *path) {
	const char *prefixes = getenv("INJECT_PATHS");
	while (prefixes && *prefixes) {
		size_t length = strcspn(prefixes, ":");
		size_t compared = length;
		bool open_end = length > 0 && prefixes[length - 1] == '*';
		if (open_end) compared--;
		if (compared > 0 && strncmp(path, prefixes, compared) == 0 &&
			(open_end || path[compared] == '/' || path[compared] == 0))
			return true;
		prefixes += length + (prefixes[length] == ':');
	}
	return false;
}

static void describe(int descriptor, char path[PATH_MAX]) {
	char link[64];
	snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	ssize_t length = readlink(link, path, PATH_MAX - 1);
	path[length > 0 ? length : 0] = 0;
}

static void resolve(int directory, const char *name, char path[PATH_MAX]) {
	path[0] = 0;
	if (name[0] != '/') {
		if (directory == AT_FDCWD) {
			if (!getcwd(path, PATH_MAX)) path[0] = 0;
		} else {
			describe(directory, path);
		}
		strncat(path, "/", PATH_MAX - strlen(path) - 1);
	}
	strncat(path, name, PATH_MAX - strlen(path) - 1);
}

static int number_of(const char *name, size_t length) {
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strlen(errors[i].name) == length && strncmp(errors[i].name, name, length) == 0) return errors[i].error;
	return EIO;
}

// What the plan says of a call.
static struct injection planned(int call) {
	static const struct {
		const char *word;
		enum action action;
	} words[] = {
		{"fail=", FAIL}, {"dead=", DEAD}, {"after=", AFTER}, {"short", SHORT}, {"killafter", KILL_AFTER}, {"kill", KILL},
		{"int", INTERRUPT},
	};
	struct injection injection = {NONE, 0};
	const char *plan = getenv("INJECT_PLAN");
	while (plan && *plan) {
		size_t length = strcspn(plan, ",");
		const char *at = memchr(plan, '@', length);
		if (at && atoi(at + 1) == call)
			for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
				size_t word = strlen(words[i].word);
				if (strncmp(plan, words[i].word, word) != 0) continue;
				injection.action = words[i].action;
				injection.error = number_of(plan + word, (size_t)(at - plan) - word);
				break;
			}
		plan += length + (plan[length] == ',');
	}
	if (injection.action == DEAD) atomic_store(&dead, injection.error);
	if (injection.action == NONE && atomic_load(&dead)) injection = (struct injection){DEAD, atomic_load(&dead)};
	return injection;
}

static void note(int call, const char *name, const char *path, struct injection injection) {
	static const char *const words[] = {"", " fail", " dead", " after", " short", " kill", " killafter", " int"};
	const char *log = getenv("INJECT_LOG");
	if (!log) return;
	char line[PATH_MAX + 64];
	int length = snprintf(line, sizeof(line), "%d %s%s %s\n", call, name, words[injection.action], path);
	int descriptor = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (descriptor < 0) return;
	syscall(SYS_write, descriptor, line, (size_t)length);
	syscall(SYS_close, descriptor);
}

// Comes before each call: counts it, and says what is to become of it.
static struct injection enter(const char *name, const char *path) {
	int saved = errno;
	struct injection injection = {NONE, 0};
	if (counts(path)) {
		int call = atomic_fetch_add(&calls, 1) + 1;
		injection = planned(call);
		note(call, name, path, injection);
		if (injection.action == KILL) syscall(SYS_kill, getpid(), SIGKILL);
		if (injection.action == INTERRUPT) syscall(SYS_kill, getpid(), SIGINT);
	}
	errno = saved;
	return injection;
}

static struct injection enter_descriptor(const char *name, int descriptor) {
	char path[PATH_MAX];
	int saved = errno;
	describe(descriptor, path);
	errno = saved;
	return enter(name, path);
}

static struct injection enter_path(const char *name, int directory, const char *relative) {
	char path[PATH_MAX];
	int saved = errno;
	resolve(directory, relative, path);
	errno = saved;
	return enter(name, path);
}

// Comes after each call that was made.
static bool leave(struct injection injection) {
	if (injection.action == KILL_AFTER) syscall(SYS_kill, getpid(), SIGKILL);
	if (injection.action != AFTER) return false;
	errno = injection.error;
	return true;
}

static bool fails(struct injection injection) {
	if (injection.action != FAIL && injection.action != DEAD) return false;
	errno = injection.error;
	return true;
}

// A call whose failure is -1 and errno.
#define CALL(entered, result_type, call) \
	struct injection injection = entered; \
	if (fails(injection)) return -1; \
	result_type result = call; \
	return leave(injection) ? -1 : result

#define HALF(count) (injection.action == SHORT && (count) > 1 ? (count) / 2 : (count))

// MARK: Files by descriptor

ssize_t write(int descriptor, const void *bytes, size_t count) {
	CALL(enter_descriptor("write", descriptor), ssize_t, REAL(write)(descriptor, bytes, HALF(count)));
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
	CALL(enter_descriptor("pwrite", descriptor), ssize_t, REAL(pwrite)(descriptor, bytes, HALF(count), offset));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
	CALL(enter_descriptor("pwrite", descriptor), ssize_t, REAL(pwrite64)(descriptor, bytes, HALF(count), offset));
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
	CALL(enter_descriptor("writev", descriptor), ssize_t, REAL(writev)(descriptor, parts, HALF(count)));
}

int fsync(int descriptor) { CALL(enter_descriptor("fsync", descriptor), int, REAL(fsync)(descriptor)); }

int fdatasync(int descriptor) { CALL(enter_descriptor("fdatasync", descriptor), int, REAL(fdatasync)(descriptor)); }

int ftruncate(int descriptor, off_t length) {
	CALL(enter_descriptor("ftruncate", descriptor), int, REAL(ftruncate)(descriptor, length));
}

int ftruncate64(int descriptor, off64_t length) {
	CALL(enter_descriptor("ftruncate", descriptor), int, REAL(ftruncate64)(descriptor, length));
}

int fallocate(int descriptor, int mode, off_t offset, off_t length) {
	CALL(enter_descriptor("fallocate", descriptor), int, REAL(fallocate)(descriptor, mode, offset, length));
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t length) {
	CALL(enter_descriptor("fallocate", descriptor), int, REAL(fallocate64)(descriptor, mode, offset, length));
}

// These return the number of the error.
int posix_fallocate(int descriptor, off_t offset, off_t length) {
	struct injection injection = enter_descriptor("posix_fallocate", descriptor);
	if (fails(injection)) return injection.error;
	int result = REAL(posix_fallocate)(descriptor, offset, length);
	return leave(injection) ? injection.error : result;
}

int posix_fallocate64(int descriptor, off64_t offset, off64_t length) {
	struct injection injection = enter_descriptor("posix_fallocate", descriptor);
	if (fails(injection)) return injection.error;
	int result = REAL(posix_fallocate64)(descriptor, offset, length);
	return leave(injection) ? injection.error : result;
}

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t length, unsigned int flags) {
	CALL(enter_descriptor("copy_file_range", to), ssize_t,
		REAL(copy_file_range)(from, from_offset, to, to_offset, HALF(length), flags));
}

// The kernel's own ways to change things: DIMM commands on /dev/nmemN, clearing of errors on /dev/ndctlN.
int ioctl(int descriptor, unsigned long request, ...) {
	va_list list;
	va_start(list, request);
	void *argument = va_arg(list, void *);
	va_end(list);
	CALL(enter_descriptor("ioctl", descriptor), int, REAL(ioctl)(descriptor, request, argument));
}

// MARK: Mappings

static bool changes(int protection, int flags) {
	int kind = flags & MAP_TYPE;
	return (protection & PROT_WRITE) && (kind == MAP_SHARED || kind == MAP_SHARED_VALIDATE);
}

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
	struct injection injection = {NONE, 0};
	if (descriptor >= 0 && changes(protection, flags)) injection = enter_descriptor("mmap", descriptor);
	if (fails(injection)) return MAP_FAILED;
	void *result = REAL(mmap)(address, length, protection, flags, descriptor, offset);
	leave(injection);
	return result;
}

void *mmap64(void *address, size_t length, int protection, int flags, int descriptor, off64_t offset) {
	struct injection injection = {NONE, 0};
	if (descriptor >= 0 && changes(protection, flags)) injection = enter_descriptor("mmap", descriptor);
	if (fails(injection)) return MAP_FAILED;
	void *result = REAL(mmap64)(address, length, protection, flags, descriptor, offset);
	leave(injection);
	return result;
}

// An address does not say which file it is of: every msync counts.
int msync(void *address, size_t length, int flags) {
	const char *prefixes = getenv("INJECT_PATHS");
	char first[PATH_MAX] = "";
	if (prefixes) snprintf(first, sizeof(first), "%.*s", (int)strcspn(prefixes, ":*"), prefixes);
	CALL(enter("msync", first), int, REAL(msync)(address, length, flags));
}

// MARK: Files by name

// Opening for reading changes nothing; opening a device or an attribute for writing is where a kernel refuses.
static bool opens_for_change(int flags) {
	return (flags & (O_CREAT | O_TRUNC)) || (flags & O_ACCMODE) != O_RDONLY;
}

#define OPEN(name, directory, path, real_call) \
	mode_t mode = 0; \
	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) { \
		va_list list; \
		va_start(list, flags); \
		mode = va_arg(list, mode_t); \
		va_end(list); \
	} \
	struct injection injection = {NONE, 0}; \
	if (opens_for_change(flags)) injection = enter_path(name, directory, path); \
	if (fails(injection)) return -1; \
	int result = real_call; \
	if (!leave(injection)) return result; \
	if (result >= 0) close(result); \
	errno = injection.error; \
	return -1

int open(const char *path, int flags, ...) { OPEN("open", AT_FDCWD, path, REAL(open)(path, flags, mode)); }
int open64(const char *path, int flags, ...) { OPEN("open", AT_FDCWD, path, REAL(open64)(path, flags, mode)); }
int openat(int directory, const char *path, int flags, ...) {
	OPEN("open", directory, path, REAL(openat)(directory, path, flags, mode));
}
int openat64(int directory, const char *path, int flags, ...) {
	OPEN("open", directory, path, REAL(openat64)(directory, path, flags, mode));
}

int truncate(const char *path, off_t length) {
	CALL(enter_path("truncate", AT_FDCWD, path), int, REAL(truncate)(path, length));
}

int rename(const char *from, const char *to) {
	CALL(enter_path("rename", AT_FDCWD, to), int, REAL(rename)(from, to));
}

int renameat(int from_directory, const char *from, int to_directory, const char *to) {
	CALL(enter_path("rename", to_directory, to), int, REAL(renameat)(from_directory, from, to_directory, to));
}

int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags) {
	CALL(enter_path("rename", to_directory, to), int, REAL(renameat2)(from_directory, from, to_directory, to, flags));
}

int unlink(const char *path) { CALL(enter_path("unlink", AT_FDCWD, path), int, REAL(unlink)(path)); }

int unlinkat(int directory, const char *path, int flags) {
	CALL(enter_path("unlink", directory, path), int, REAL(unlinkat)(directory, path, flags));
}

int mkdir(const char *path, mode_t mode) { CALL(enter_path("mkdir", AT_FDCWD, path), int, REAL(mkdir)(path, mode)); }

int mkdirat(int directory, const char *path, mode_t mode) {
	CALL(enter_path("mkdir", directory, path), int, REAL(mkdirat)(directory, path, mode));
}

int link(const char *from, const char *to) { CALL(enter_path("link", AT_FDCWD, to), int, REAL(link)(from, to)); }

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags) {
	CALL(enter_path("link", to_directory, to), int, REAL(linkat)(from_directory, from, to_directory, to, flags));
}

int symlink(const char *target, const char *path) {
	CALL(enter_path("symlink", AT_FDCWD, path), int, REAL(symlink)(target, path));
}
