/* Dictionary compression with a hash of three bytes and literal runs, then expansion and comparison. One unit: 128 KiB of made-up log lines. */
#include "bench.h"

enum { BYTES = 131072, HASH = 4096 };
static u8 plain[BYTES], packed[BYTES * 2], back[BYTES];
static u32 head[HASH];

static inline u32 hash(const u8 *p) { return ((u32)p[0] << 16 | (u32)p[1] << 8 | p[2]) * 2654435769u >> 20; }

/* Token: 0..127 literals that follow, or 128 + length - 3 and a distance of two bytes. */
static NOINLINE u32 squeeze(void) {
  u8 *out = packed, *run = out++;
  u32 literals = 0;
  for (u32 i = 0; i < HASH; i++) head[i] = 0;
  for (u32 at = 0; at < BYTES;) {
    u32 n = 0, from = 0;
    if (at + 3 <= BYTES) {
      u32 h = hash(plain + at);
      from = head[h];
      head[h] = at + 1;
      if (from-- && at - from < 65536) {
        u32 most = BYTES - at < 130 ? BYTES - at : 130;
        while (n < most && plain[from + n] == plain[at + n]) n++;
      }
    }
    if (n < 3) {
      *out++ = plain[at++];
      if (++literals == 127) *run = 127, run = out++, literals = 0;
      continue;
    }
    if (literals) *run = (u8)literals, run = out++, literals = 0;
    *run = (u8)(128 + n - 3);
    *out++ = (u8)(at - from), *out++ = (u8)((at - from) >> 8);
    run = out++;
    at += n;
  }
  *run = (u8)literals;
  return (u32)(out - packed);
}

static NOINLINE u32 expand(u32 n) {
  u8 *out = back;
  for (const u8 *in = packed, *end = packed + n; in < end;) {
    u32 token = *in++;
    if (token < 128) {
      while (token--) *out++ = *in++;
      continue;
    }
    const u8 *from = out - (in[0] | (u32)in[1] << 8);
    in += 2;
    for (u32 k = token - 128 + 3; k; k--) *out++ = *from++;
  }
  return (u32)(out - back);
}

u32 bench(u32 size) {
  static const char *const words[] = {"connect ", "from 10.0.", "port ", "error: ", "ok\n", "GET /index.html ", "200 ", "404 "};
  u32 seed = 3, sum = 0, n = 0;
  while (n < BYTES) {
    for (const char *w = words[lcg(&seed) >> 29]; *w && n < BYTES; w++) plain[n++] = (u8)*w;
    if (n < BYTES && lcg(&seed) >> 31) plain[n++] = (u8)('0' + (lcg(&seed) >> 29));
  }
  while (size--) {
    u32 bytes = squeeze();
    if (expand(bytes) != BYTES || memcmp(plain, back, BYTES)) die("it does not expand to what it was");
    sum = mix(sum, bytes);
    plain[lcg(&seed) % BYTES] ^= 1;
  }
  return sum;
}

