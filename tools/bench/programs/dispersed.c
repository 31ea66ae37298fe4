/* 2,000 blocks of ten instructions in shuffled order, each in a place of its own of 512 bytes (generated: generated.ts). One unit: 100 rounds. */
#include "bench.h"

u32 dispersed(u32 x);

u32 bench(u32 size) {
  u32 x = 1;
  while (size--) for (u32 i = 0; i < 100; i++) x = dispersed(x);
  return x;
}
