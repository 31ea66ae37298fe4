/* Fork and exec of a small static program (this one, with size 0), and wait. One unit: 10 programs. */
#include "bench.h"

u32 bench(u32 size) {
  u32 sum = 0;
  if (size == 0) SYSCALL1(SYS_exit, 3);
  while (size--) for (u32 i = 0; i < 10; i++) {
    int status = 0;
    long pid = SYSCALL0(SYS_fork);
    if (pid == 0) {
      char *argv[] = {"exec", "0", 0}, *environment[] = {0};
      SYSCALL3(SYS_execve, "exec", argv, environment);
      SYSCALL1(SYS_exit, 1);
    }
    SYSCALL4(SYS_wait4, pid, &status, 0, 0);
    sum += (u32)status >> 8;
  }
  return sum;
}
