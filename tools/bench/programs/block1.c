/* One hot block: eight instructions that jump back to themselves. One unit: 1,000,000 turns. */
#include "bench.h"

u32 bench(u32 size) {
  u32 a = 1, b = 2, n;
  while (size--) {
    n = 1000000;
    __asm__ volatile("1: add %1,%0; xor $0x55,%1; rol $3,%0; sub %2,%1; lea 7(%0),%0; and $0x7fffffff,%1; dec %2; jnz 1b" : "+r"(a), "+r"(b), "+r"(n));
  }
  return a ^ b;
}
