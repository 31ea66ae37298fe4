/* Horspool's string search and a naive one over made-up words. One unit: eight patterns through 64 KiB each way. */
#include "bench.h"

enum { BYTES = 65536 };
static char text[BYTES + 1];
static const char *const patterns[] = {"the quick", "zanzibar", "lorem", "e t", "ooo", "walrus and", "never there at all", "qua"};
static const char *const words[] = {"the ", "quick ", "brown ", "fox ", "jumps ", "over ", "lazy ", "dog ", "walrus ", "and ", "carpenter ", "quarrel ", "zoo ", "lorem ", "ipsum ", "elaborate "};

static NOINLINE u32 horspool(const u8 *in, u32 n, const u8 *p, u32 m) {
  u32 shift[256], found = 0;
  for (u32 i = 0; i < 256; i++) shift[i] = m;
  for (u32 i = 0; i + 1 < m; i++) shift[p[i]] = m - 1 - i;
  for (u32 at = 0; at + m <= n; at += shift[in[at + m - 1]]) {
    u32 k = m;
    while (k && in[at + k - 1] == p[k - 1]) k--;
    if (!k) found = mix(found, at);
  }
  return found;
}

static NOINLINE u32 naive(const u8 *in, u32 n, const u8 *p, u32 m) {
  u32 found = 0;
  for (u32 at = 0; at + m <= n; at++) {
    if (in[at] != p[0]) continue;
    u32 k = 1;
    while (k < m && in[at + k] == p[k]) k++;
    if (k == m) found = mix(found, at);
  }
  return found;
}

u32 bench(u32 size) {
  u32 seed = 5, sum = 0, n = 0;
  while (n < BYTES) for (const char *w = words[lcg(&seed) >> 28]; *w && n < BYTES; w++) text[n++] = *w;
  while (size--) for (u32 i = 0; i < COUNT(patterns); i++) {
    const u8 *in = (const u8 *)text, *p = (const u8 *)patterns[i];
    u32 m = (u32)length(patterns[i]), fast = horspool(in, BYTES, p, m);
    if (fast != naive(in, BYTES, p, m)) die("the searches disagree");
    sum = mix(sum, fast);
  }
  return sum;
}
