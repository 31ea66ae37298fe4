/* Touching fresh pages: a fault, a zeroed page, a walk each. One unit: 2 MiB mapped, touched and unmapped, four times. */
#include "bench.h"

enum { BYTES = 2 << 20 };

u32 bench(u32 size) {
  u32 sum = 0;
  while (size--) for (u32 round = 0; round < 4; round++) {
    volatile u8 *p = pages(BYTES, PROT_RW);
    for (u32 i = 0; i < BYTES; i += 4096) p[i] = (u8)i, sum += p[i + 8] + 1;
    SYSCALL2(SYS_munmap, p, BYTES);
  }
  return sum;
}
