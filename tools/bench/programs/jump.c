/* A jump through a table of 16 targets, in a scrambled order. One unit: 500,000 jumps. */
#include "bench.h"

u32 bench(u32 size) {
  static const void *const labels[] = {&&l0, &&l1, &&l2, &&l3, &&l4, &&l5, &&l6, &&l7, &&l8, &&l9, &&l10, &&l11, &&l12, &&l13, &&l14, &&l15};
  u32 x = 1, n;
  while (size--) {
    n = 500000;
#define NEXT do { if (!--n) goto done; lcg(&x); goto *labels[x >> 28]; } while (0)
    NEXT;
#define TARGET(k) l##k: x ^= 0x1234567u * k; NEXT
    TARGET(0); TARGET(1); TARGET(2); TARGET(3); TARGET(4); TARGET(5); TARGET(6); TARGET(7);
    TARGET(8); TARGET(9); TARGET(10); TARGET(11); TARGET(12); TARGET(13); TARGET(14); TARGET(15);
  done:;
  }
  return x;
}
