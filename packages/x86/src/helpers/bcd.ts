/** AAA, AAS, DAA, DAS: SDM Vol. 2, operation sections. */
import type { HelperRegistry } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { EFLAGS, ST } from '../state.ts';

const { CF, PF, AF, ZF, SF } = EFLAGS;

export function bcdHelpers(r: HelperRegistry, cpu: X86Cpu) {
  /** Stores the flags: ZF, SF and PF of AL, CF and AF as given; OF is undefined and clear. */
  const done = (ax: number, carry: boolean, auxiliary: boolean): number => {
    const al = ax & 0xff;
    const ones = al.toString(2).replaceAll('0', '').length;
    const flags = (carry ? CF : 0) | (auxiliary ? AF : 0) | (al === 0 ? ZF : 0) | (al & 0x80 ? SF : 0) | (ones % 2 === 0 ? PF : 0);
    cpu.arena.i32[(cpu.env + ST.scratch) >>> 2] = flags;
    return ax & 0xffff;
  };
  const ascii = (sign: 1 | -1) => (ax: number, eflags: number): number => {
    const adjusts = (ax & 0x0f) > 9 || (eflags & AF) !== 0;
    const moved = adjusts ? ax + sign * 0x106 : ax;
    return done(moved & 0xff0f, adjusts, adjusts);
  };
  const decimal = (sign: 1 | -1) => (ax: number, eflags: number): number => {
    const old = ax & 0xff, low = (old & 0x0f) > 9 || (eflags & AF) !== 0, high = old > 0x99 || (eflags & CF) !== 0;
    let al = old, carry = false;
    if (low) {
      carry = (eflags & CF) !== 0 || (sign > 0 ? al + 6 > 0xff : al < 6);
      al = (al + sign * 6) & 0xff;
    }
    if (high) {
      al = (al + sign * 0x60) & 0xff;
      carry = true;
    }
    return done((ax & 0xff00) | al, carry, low);
  };
  const helper = (name: string, fn: (ax: number, eflags: number) => number) =>
    r.js(name, ['i32', 'i32'], 'i32', (ax, eflags) => fn(ax!, eflags!), { noReadGlobals: true, noWriteGlobals: true, noFault: true });
  return { aaa: helper('aaa', ascii(1)), aas: helper('aas', ascii(-1)), daa: helper('daa', decimal(1)), das: helper('das', decimal(-1)) };
}
