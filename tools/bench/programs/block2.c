/* Two blocks a turn: a branch that goes both ways evenly. One unit: 1,000,000 turns. */
#include "bench.h"

u32 bench(u32 size) {
  u32 a = 1, b = 2, n;
  while (size--) {
    n = 1000000;
    __asm__ volatile("1: add %2,%0; test $1,%2; jz 2f; xor %0,%1; add $5,%1; 2: rol $1,%0; dec %2; jnz 1b" : "+r"(a), "+r"(b), "+r"(n));
  }
  return a ^ b;
}
