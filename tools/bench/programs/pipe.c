/* Two processes throw a byte back and forth through two pipes: each throw is a system call, a wake-up and a context switch. One unit: 1,000 round trips. */
#include "bench.h"

u32 bench(u32 size) {
  int there[2], back[2], status;
  u32 sum = 0;
  u8 ball = 0;
  SYSCALL1(SYS_pipe, there);
  SYSCALL1(SYS_pipe, back);
  if (SYSCALL0(SYS_fork) == 0) {
    SYSCALL1(SYS_close, there[1]);
    while (SYSCALL3(SYS_read, there[0], &ball, 1) == 1) ball++, SYSCALL3(SYS_write, back[1], &ball, 1);
    SYSCALL1(SYS_exit, 0);
  }
  while (size--) for (u32 i = 0; i < 1000; i++) {
    SYSCALL3(SYS_write, there[1], &ball, 1);
    if (SYSCALL3(SYS_read, back[0], &ball, 1) != 1) die("the other end is gone");
    sum = mix(sum, ball);
  }
  SYSCALL1(SYS_close, there[1]);
  SYSCALL4(SYS_wait4, -1, &status, 0, 0);
  return sum;
}
