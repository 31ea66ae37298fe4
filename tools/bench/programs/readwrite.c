/* Reading a file in the page cache, 4 KiB a call, and writing as much to a pipe and back. One unit: 2,000 of each. */
#include "bench.h"

static u8 block[4096];

u32 bench(u32 size) {
  u32 sum = 0;
  int fd = (int)SYSCALL2(SYS_open, "readwrite.data", 0), ends[2];
  if (fd < 0) die("no file to read");
  SYSCALL1(SYS_pipe, ends);
  while (size--) for (u32 i = 0; i < 2000; i++) {
    sum += (u32)sys(SYS_pread64, fd, (long)block, sizeof block, (long)(i & 1) * 4096, 0, 0);
    if (SYSCALL3(SYS_write, ends[1], block, sizeof block) != sizeof block || SYSCALL3(SYS_read, ends[0], block, sizeof block) != sizeof block) die("the pipe lost something");
  }
  return size + (sum != 0);
}
