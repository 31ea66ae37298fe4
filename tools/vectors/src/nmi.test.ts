/** An NMI ends HLT, with interrupts off too, and waits while an earlier one is handled. SDM Vol. 2, HLT; Vol. 3, 6.7.1. (From the local APIC: guests/nmi.S.) */
import { expect, it } from 'vitest';
import { Board } from './board.ts';
import { ACCELS, ENGINES } from './engines.ts';

const CODE = 0x5000, HANDLER = 0x4000, RAX = 0, RBX = 3, RSP = 4, CS = 1;

it.each(ACCELS)('on %s', (accel) => {
  const board = new Board(new Uint8Array(0x10000), 'max', ENGINES[accel]), { cpu } = board.parts;
  const put = (at: number, ...bytes: number[]) => board.arena.u8.set(bytes, board.ram + at);
  const run = () => {
    board.engine.run(100, true);
    return { ax: cpu.gprLo(RAX) & 0xffff, bx: cpu.gprLo(RBX) & 0xffff, halted: cpu.s.halted };
  };
  put(2 * 4, HANDLER & 0xff, HANDLER >> 8, 0, 0);
  put(HANDLER, 0x43, 0xf4, 0xcf); // inc bx; hlt; iret
  put(CODE, 0xfa, 0xf4, 0x40, 0xf4); // cli; hlt; inc ax; hlt
  cpu.setSegment(CS, 0, 0, 0, 0xffff, cpu.segAttr(CS));
  cpu.updateHflags();
  cpu.setGpr(RSP, 0x7000, 0);
  cpu.setPc(CODE, 0);
  expect(run()).toEqual({ ax: 0, bx: 0, halted: 1 });
  cpu.nmi();
  expect(run()).toEqual({ ax: 0, bx: 1, halted: 1 }); // in the handler's HLT
  cpu.nmi();
  expect(run()).toEqual({ ax: 0, bx: 1, halted: 1 }); // blocked
  cpu.s.halted = 0; // as an interrupt would
  expect(run()).toEqual({ ax: 0, bx: 2, halted: 1 }); // IRET lets the second in before anything else
  cpu.s.halted = 0;
  expect(run()).toEqual({ ax: 1, bx: 2, halted: 1 });
});
