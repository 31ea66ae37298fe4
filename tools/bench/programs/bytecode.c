/* A register machine's interpreter with computed goto, running Collatz sequences: an indirect jump every few instructions. One unit: sequences of 1 to 3,000. */
#include "bench.h"

enum op { MOVI, ADD, ADDI, MULI, SHRI, ANDI, JZ, JNE, JMP, HALT };
typedef struct { u8 op, a; u16 b; i32 imm; } insn;

/* r0 number, r1 steps in all, r2 n, r3 scratch, r4 limit */
static const insn code[] = {
  {MOVI, 0, 0, 1}, {MOVI, 1, 0, 0},
  {MOVI, 2, 0, 0}, {ADD, 2, 0, 0},                                     /* 2: n = number */
  {MOVI, 3, 0, 0}, {ADD, 3, 2, 0}, {ADDI, 3, 0, -1}, {JZ, 3, 0, 16},   /* 4: n == 1? */
  {ADDI, 3, 0, 1}, {ANDI, 3, 0, 1}, {ADDI, 1, 0, 1}, {JZ, 3, 0, 14},   /* 8: odd? */
  {MULI, 2, 0, 3}, {JMP, 0, 0, 19},                                    /* 12: 3n + 1 */
  {SHRI, 2, 0, 1}, {JMP, 0, 0, 4},                                     /* 14: n / 2 */
  {ADDI, 0, 0, 1}, {JNE, 0, 4, 2}, {HALT, 0, 0, 0},                    /* 16: the next number */
  {ADDI, 2, 0, 1}, {JMP, 0, 0, 4}};

static NOINLINE u32 interpret(const insn *program, u32 limit) {
  static const void *const labels[] = {&&movi, &&add, &&addi, &&muli, &&shri, &&andi, &&jz, &&jne, &&jmp, &&halt};
  u32 r[8] = {0};
  const insn *i = program;
  r[4] = limit;
#define GO(next) do { i = (next); goto *labels[i->op]; } while (0)
  goto *labels[i->op];
movi: r[i->a] = (u32)i->imm; GO(i + 1);
add: r[i->a] += r[i->b]; GO(i + 1);
addi: r[i->a] += (u32)i->imm; GO(i + 1);
muli: r[i->a] *= (u32)i->imm; GO(i + 1);
shri: r[i->a] >>= i->imm; GO(i + 1);
andi: r[i->a] &= (u32)i->imm; GO(i + 1);
jz: GO(r[i->a] == 0 ? program + i->imm : i + 1);
jne: GO(r[i->a] != r[i->b] ? program + i->imm : i + 1);
jmp: GO(program + i->imm);
halt: return r[1];
}

u32 bench(u32 size) {
  u32 sum = 0;
  while (size--) sum = mix(sum, interpret(code, 3000));
  return sum;
}
