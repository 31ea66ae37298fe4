/* Pointer chasing through a random cycle over 8 MiB, one pointer a cache line: a load after a load, 2,048 pages. One unit: 400,000 steps. */
#include "bench.h"

enum { BYTES = 8 << 20, LINE = 64, NODES = BYTES / LINE, STEPS = 400000 };

static NOINLINE void **walk(void **at, u32 steps) {
  while (steps--) at = *at;
  return at;
}

u32 bench(u32 size) {
  u8 *base = pages(BYTES, PROT_RW);
  u32 *order = pages(NODES * sizeof *order, PROT_RW), seed = 13, sum = 0;
  for (u32 i = 0; i < NODES; i++) order[i] = i;
  for (u32 i = NODES - 1; i > 0; i--) { /* Sattolo: one cycle */
    u32 k = (u32)((u64)lcg(&seed) * i >> 32), t = order[i];
    order[i] = order[k], order[k] = t;
  }
  for (u32 i = 0; i < NODES; i++) *(void **)(base + (word)i * LINE) = base + (word)order[i] * LINE;
  void **at = (void **)base;
  while (size--) {
    at = walk(at, STEPS);
    sum = mix(sum, (u32)((u8 *)at - base));
  }
  return sum;
}
