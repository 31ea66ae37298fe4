/* 50,000 different blocks that run twice and never again (generated: generated.ts): before each round their code is copied to fresh pages.
   One unit: one round. */
#include "bench.h"

extern const u8 cold_begin[], cold_end[];

u32 bench(u32 size) {
  u32 x = 1;
  word bytes = (word)(cold_end - cold_begin);
  while (size--) {
    u8 *code = pages(bytes, PROT_RWX);
    memcpy(code, cold_begin, bytes);
    u32 (*volatile run)(u32) = (u32 (*)(u32))(void *)code;
    x = run(x);
    x = run(x);
    SYSCALL2(SYS_munmap, code, bytes);
  }
  return x;
}
