/* Fork, exit and wait, with 64 pages that the child writes to (copy on write). One unit: 20 children. */
#include "bench.h"

static u8 memory[64 * 4096];

u32 bench(u32 size) {
  u32 sum = 0;
  for (u32 i = 0; i < sizeof memory; i += 4096) memory[i] = 1;
  while (size--) for (u32 i = 0; i < 20; i++) {
    int status = 0;
    long pid = SYSCALL0(SYS_fork);
    if (pid == 0) {
      for (u32 k = 0; k < sizeof memory; k += 4096) memory[k]++;
      SYSCALL1(SYS_exit, memory[0]);
    }
    SYSCALL4(SYS_wait4, pid, &status, 0, 0);
    sum += (u32)status >> 8;
  }
  return sum;
}
