/* Four blocks a turn: two branches on data and a jump. One unit: 1,000,000 turns. */
#include "bench.h"

u32 bench(u32 size) {
  u32 a = 1, b = 2, n;
  while (size--) {
    n = 1000000;
    __asm__ volatile(
      "1: add %2,%0; rol $7,%0; test $4,%0; jz 2f; add $3,%1; jmp 3f; 2: xor %0,%1; sub $1,%1; 3: test $16,%1; jnz 4f; add %1,%0; 4: dec %2; jnz 1b"
      : "+r"(a), "+r"(b), "+r"(n));
  }
  return a ^ b;
}
