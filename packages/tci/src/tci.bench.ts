/** Speed of the interpreter on a mixed loop with TLB-checked loads and stores, and of making bytecode. CPU time, best of several rounds.
 *  Run: `pnpm --filter @emu/tci bench`, or `pnpm bench` with all packages. */
import { fileURLToPath } from 'node:url';
import { Prot, PhysMap, SoftMmu } from '@emu/softmmu';
import { Cond, CPU_HEADER, HDR, HelperRegistry, Ir, JumpCache, MemOp, Tb, TB, TB_RECORD, Type } from '@emu/tcg';
import { Arena } from '@emu/vaddr';
import { cpuNs } from '../../../tools/dev/cpu-ns.ts';
import { Tci } from './index.ts';

const MIB = 1 << 20;
const RAM = MIB;
const TURNS = 1_000_000;
const ROUNDS = 15;
const GENERATED = 20_000;
/** Guest instructions that the loop stands for: load, add, xor, and, shift, load, xor, store, branch. */
const GUEST_INSNS = 9;
const HEAP = 0xffffffff80000000n;

function machine(): { tci: Tci; ir: Ir; arena: Arena; header: number; regs: number } {
  const arena = new Arena(64 * MIB);
  const header = arena.alloc(CPU_HEADER.size + 256, 4096), regs = header + CPU_HEADER.size;
  const map = new PhysMap(arena);
  map.addRam('ram', 0, RAM, arena.alloc(RAM, 4096));
  const memory = new SoftMmu(arena, map, {
    vaddrBits: 64, mmuModes: 1, fault: { flag: header + HDR.fault, retHi: header + HDR.retHi, mailbox: header + HDR.mailbox },
    walk: (lo, _hi, _access, _mmu, result) => {
      Object.assign(result, { phys: lo & (RAM - 1), prot: Prot.READ | Prot.WRITE | Prot.EXEC, pageBits: 12, global: false });
      return true;
    },
    onCodeWrite: () => false, onFlush: () => {},
  });
  const tci = new Tci({ arena, header, jumpCache: new JumpCache(arena), helpers: new HelperRegistry(64), memory });
  return { tci, ir: new Ir(), arena, header, regs };
}

/** A turn of a table-driven CRC-32 that also stores: r0 = crc, r1 = source, r2 = table. */
function emitLoop(ir: Ir, [r0, r1, r2, r3]: readonly [number, number, number, number]): void {
  ir.insn_start(0);
  ir.set(r3, ir.qemu_ld(Type.i64, r1, MemOp.b8, 0));
  ir.set(r1, ir.add(r1, ir.const64(1)));
  ir.set(r3, ir.and(ir.xor(r3, r0), ir.const64(0xff)));
  ir.set(r0, ir.shr(r0, ir.const64(8)));
  const at = ir.add(r2, ir.shl(r3, ir.const64(2)));
  ir.set(r0, ir.xor(r0, ir.qemu_ld(Type.i64, at, MemOp.b32, 0)));
  ir.qemu_st(r0, at, MemOp.b32, 0);
  ir.set(r1, ir.andc(r1, ir.const64(0x10000)));
  const done = ir.newLabel();
  ir.brcond(r1, ir.const64(0), Cond.eq, done);
  ir.goto_tb(0);
  ir.set_label(done);
  ir.goto_tb(1);
}

export function bench(): { name: string; value: number; unit: string }[] {
  const { tci, ir, arena, header, regs } = machine();
  const globals = [0, 1, 2, 3].map((i) => ir.global(`r${i}`, Type.i64, regs + 8 * i)) as [number, number, number, number];
  const tb = new Tb(arena.alloc(TB_RECORD.size), 0);
  emitLoop(ir, globals);
  tci.generate(tb, ir);
  TB_RECORD.at(arena, tb.record).icount = GUEST_INSNS;
  arena.u32[(tb.record + TB.jump) >>> 2] = tb.record;
  arena.u64[(regs + 8) >>> 3] = HEAP;
  arena.u64[(regs + 16) >>> 3] = HEAP + 0x20000n;
  const perTurn = ir.length - 4; // without insn_start, set_label, and the exit that is not taken
  const ns = Math.min(...Array.from({ length: ROUNDS }, () => cpuNs(() => {
    CPU_HEADER.at(arena, header).budget = GUEST_INSNS * TURNS;
    tci.execute(tb.record);
  }))) / TURNS;
  const generateNs = Math.min(...Array.from({ length: 5 }, () => cpuNs(() => {
    for (let i = 0; i < GENERATED; i++) {
      ir.reset();
      emitLoop(ir, globals);
      tci.generate(tb, ir);
      if (tci.full) tci.flush();
    }
  }))) / GENERATED;
  return [
    { name: 'tci: mixed loop with checked loads and stores', value: (perTurn * 1000) / ns, unit: 'M IR ops/s' },
    { name: 'tci: the same', value: (GUEST_INSNS * 1000) / ns, unit: 'guest MIPS' },
    { name: 'tci: building IR and bytecode of that loop', value: generateNs / 1000, unit: 'us/TB' },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, value, unit } of bench()) console.log(`${name}: ${value.toFixed(value < 10 ? 2 : 0)} ${unit}`);
}
