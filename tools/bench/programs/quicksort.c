/* Quicksort with a middle pivot, insertion sort below 12 elements: unpredictable branches, recursion. One unit: 40,000 words. */
#include "bench.h"

enum { N = 40000, SMALL = 12 };
static i32 a[N];

static NOINLINE void sort(i32 *from, i32 *to) {
  while (to - from > SMALL) {
    i32 pivot = from[(to - from) / 2], *i = from, *j = to - 1;
    for (;;) {
      while (*i < pivot) i++;
      while (*j > pivot) j--;
      if (i >= j) break;
      i32 t = *i;
      *i++ = *j, *j-- = t;
    }
    if (i - from < to - i) sort(from, i), from = i;
    else sort(i, to), to = i;
  }
  for (i32 *i = from + 1; i < to; i++) {
    i32 v = *i, *j = i;
    for (; j > from && j[-1] > v; j--) *j = j[-1];
    *j = v;
  }
}

u32 bench(u32 size) {
  u32 seed = 7, sum = 0;
  while (size--) {
    for (u32 i = 0; i < N; i++) a[i] = (i32)lcg(&seed);
    sort(a, a + N);
    for (u32 i = 1; i < N; i++) if (a[i - 1] > a[i]) die("not sorted");
    sum = mix(sum, (u32)a[N / 3]);
  }
  return sum;
}
