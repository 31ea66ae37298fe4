/** Assembly of the two programs whose many blocks are generated: `dispersed` and `cold` (see programs/*.c). The same text serves 64 and 32 bits. */

const ENTRY = '#ifdef __x86_64__\n  mov %edi,%eax\n#else\n  mov 4(%esp),%eax\n#endif\n  mov %eax,%ecx\n';
const DISPERSED_BLOCKS = 2000;
const DISPERSED_BYTES = 512;
/** Each of these makes two blocks: up to its branch, and the instruction that the branch may skip. */
const COLD_PAIRS = 25_000;

/** Numbers below 2^32, the same in each build (Numerical Recipes' generator). */
function* numbers(seed: number): Generator<number, never> {
  for (let x = seed; ;) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    yield x;
  }
}

export function dispersedAssembly(): string {
  const random = numbers(37);
  const order = Array.from({ length: DISPERSED_BLOCKS }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const k = random.next().value % (i + 1);
    [order[i], order[k]] = [order[k]!, order[i]!];
  }
  const next = new Map(order.map((block, i) => [block, order[i + 1]]));
  const blocks = [...order.keys()].map((block) => {
    const to = next.get(block);
    const imm = (): number => random.next().value >>> 4;
    return `  .balign ${DISPERSED_BYTES}\nd${block}:\n  add $${imm()},%eax\n  rol $${1 + imm() % 30},%ecx\n  xor %eax,%ecx\n  sub $${imm()},%ecx\n  lea (%eax,%ecx),%eax\n`
      + `  xor $${imm()},%eax\n  ror $${1 + imm() % 30},%eax\n  add %ecx,%eax\n  not %ecx\n  ${to === undefined ? 'ret' : `jmp d${to}`}\n`;
  });
  return `  .text\n  .globl dispersed\ndispersed:\n${ENTRY}  jmp d${order[0]}\n${blocks.join('')}`;
}

export function coldAssembly(): string {
  const random = numbers(41);
  const imm = (): number => random.next().value >>> 4;
  let text = `  .section .rodata\n  .globl cold_begin, cold_end\ncold_begin:\n${ENTRY}`;
  for (let i = 0; i < COLD_PAIRS; i++) {
    text += `  add $${imm()},%eax\n  xor %eax,%ecx\n  rol $${1 + imm() % 30},%ecx\n  lea ${imm() & 127}(%eax,%ecx),%eax\n  test $${1 << (imm() % 31)},%ecx\n`
      + `  ${i & 1 ? 'jz' : 'jnz'} 1f\n  sub $${imm() & 127},%ecx\n1:\n`;
  }
  return `${text}  ret\ncold_end:\n`;
}
