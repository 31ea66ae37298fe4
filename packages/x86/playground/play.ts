/** The processor alone: runs 16-bit machine code until HLT or an exception and shows what it did. Try: pnpm play x86 "b8 07 00 f7 e0 e6 80 f4" */
import { PhysMap } from '@emu/softmmu';
import { Engine, JumpCache } from '@emu/tcg';
import { Tci } from '@emu/tci';
import { Arena } from '@emu/vaddr';
import { createX86, EFLAGS, Reg, SegReg, type X86Bus } from '../src/index.ts';

const MIB = 1 << 20, ORIGIN = 0x100, LIMIT = 10_000_000;
/** xor ax, ax; mov cx, 10; add ax, cx; loop -4; out 80h, al; hlt */
const DEFAULT = '31 c0 b9 0a 00 01 c8 e2 fc e6 80 f4';

const arena = new Arena(96 * MIB), map = new PhysMap(arena), ram = arena.alloc(MIB, 4096);
map.addRam('ram', 0, MIB, ram);
const hex = (value: number, digits: number): string => (value >>> 0).toString(16).padStart(digits, '0');
const bus: X86Bus = {
  ioRead: (port) => { console.log(`in ${hex(port, 4)}`); return 0; }, ioWrite: (port, bytes, value) => console.log(`out ${hex(port, 4)}, ${hex(value, 2 * bytes)}`),
  acknowledge: () => -1, tsc: () => 0, tscHi: () => 0, shutdown: () => { console.log('triple fault'); process.exit(); }, ferr: () => {}, random32: () => 4,
  logs: () => false, log: () => {},
};
const { cpu, guest, mmu: memory, registry: helpers, header } = createX86({ arena, map, bus, onCodeWrite: (at, n) => !engine.codeWrite(at, n), onFlush: () => {} });
const jumpCache = new JumpCache(arena), backend = new Tci({ arena, header, jumpCache, helpers, memory });
const codePages = { protect: (page: number) => map.protectCode(page), unprotect: (page: number) => map.unprotect(page) };
const engine = new Engine({ arena, header, jumpCache, guest, helpers, backend, codePages });

let exception = -1;
guest.deliverFault = () => {
  exception = cpu.s.exception;
  return false; // there is no handler to go to
};

arena.u8.set((process.argv[2] ?? DEFAULT).split(/[ ,]+/).map((byte) => parseInt(byte, 16)), ram + ORIGIN);
cpu.reset();
for (const n of [SegReg.CS, SegReg.SS, SegReg.DS, SegReg.ES]) cpu.setSegment(n, 0, 0, 0, 0xffff, cpu.segAttr(n));
cpu.updateHflags(0);
cpu.setPc(ORIGIN, 0);
const start = performance.now();
let ran = 0;
while (!cpu.s.halted && exception < 0 && ran < LIMIT) ran += engine.run(Math.min(1_000_000, LIMIT - ran));
const names = Object.entries(Reg).slice(0, 8), flags = cpu.readEflags();
console.log(names.map(([name, n]) => `${name.slice(1).toLowerCase()}=${hex(cpu.gprLo(n), 4)}`).join(' '));
console.log(['CF', 'PF', 'AF', 'ZF', 'SF', 'DF', 'OF'].filter((name) => flags & EFLAGS[name as keyof typeof EFLAGS]).join(' ') || 'no flags set');
console.log(`${ran} instructions, ${cpu.s.halted ? 'halted' : exception >= 0 ? `exception ${exception} at ${hex(cpu.s.pcLo, 4)}` : 'given up'} after ${(performance.now() - start).toFixed(1)} ms`);
