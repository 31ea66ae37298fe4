/* CRC-32 (IEEE 802.3) by a table of 256 words, a byte at a time: a dependent chain through two loads. One unit: 512 KiB. */
#include "bench.h"

enum { BYTES = 65536, ROUNDS = 8 };
static u32 by_byte[256];
static u8 data[BYTES];

static NOINLINE u32 crc(u32 sum, const u8 *p, word n) {
  sum = ~sum;
  while (n--) sum = by_byte[(sum ^ *p++) & 255] ^ sum >> 8;
  return ~sum;
}

u32 bench(u32 size) {
  u32 seed = 1, sum = 0;
  for (u32 i = 0; i < 256; i++) {
    u32 c = i;
    for (int k = 0; k < 8; k++) c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
    by_byte[i] = c;
  }
  for (u32 i = 0; i < BYTES; i++) data[i] = (u8)(lcg(&seed) >> 24);
  while (size--) for (int i = 0; i < ROUNDS; i++) sum = crc(sum, data, BYTES);
  return sum;
}
