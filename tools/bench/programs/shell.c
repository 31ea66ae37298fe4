/* A shell loop of short-lived programs. One unit: 30 execs of BusyBox from its ash. */
#include "bench.h"

#define LOOP "i=0; while [ $i -lt 30 ]; do ./busybox env >out; i=$((i+1)); done; exit $i"

u32 bench(u32 size) {
  u32 sum = 0;
  while (size--) {
    int status = 0;
    long pid = SYSCALL0(SYS_fork);
    if (pid == 0) {
      char *argv[] = {"sh", "-c", LOOP, 0}, *environment[] = {"A=1", 0};
      SYSCALL3(SYS_execve, "busybox", argv, environment);
      SYSCALL1(SYS_exit, 1);
    }
    SYSCALL4(SYS_wait4, pid, &status, 0, 0);
    sum += (u32)status >> 8;
  }
  return sum;
}
