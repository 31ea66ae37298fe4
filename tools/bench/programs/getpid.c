/* The cheapest system call in a loop. One unit: 20,000 calls of getppid. */
#include "bench.h"

u32 bench(u32 size) {
  u32 calls = 0;
  long parent = SYSCALL0(SYS_getppid);
  while (size--) for (u32 i = 0; i < 20000; i++) calls += SYSCALL0(SYS_getppid) == parent;
  return calls;
}
