/* Two processes that yield to each other: context switches with a change of address space. One unit: 5,000 yields by each. */
#include "bench.h"

u32 bench(u32 size) {
  int status = 0;
  u32 yields = 0;
  long pid = SYSCALL0(SYS_fork);
  for (u32 k = 0; k < size; k++) for (u32 i = 0; i < 5000; i++) yields += SYSCALL0(SYS_sched_yield) == 0;
  if (pid == 0) SYSCALL1(SYS_exit, 0);
  SYSCALL4(SYS_wait4, pid, &status, 0, 0);
  return yields;
}
