// Loaded into a server (LD_PRELOAD), it lets fsync(2) and fdatasync(2) take longer by as many microseconds as SLOW_DISK says:
// what a disk behind a network takes, on a machine whose own disk is quick.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int slowly(const char *name, int fd) {
	const char *longer = getenv("SLOW_DISK");
	if (longer != NULL)
		usleep(atoi(longer));
	int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	return sync(fd);
}

int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
