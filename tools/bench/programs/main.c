/* The main program of everything that is measured: PROGRAM SIZE. */
#include "bench.h"

void program(void) {
  if (!arguments[0] || !arguments[1]) die("usage: PROGRAM SIZE");
  u64 start = now_ns();
  u32 checksum = bench(parse(arguments[1]));
  u64 ns = now_ns() - start;
  put_number(checksum);
  put(" ");
  put_number(ns);
  put("\n");
}
