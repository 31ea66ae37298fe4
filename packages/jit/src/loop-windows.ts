/**
 * Stretches of guest memory at constant distances from a register that a loop leaves alone: its stack frame, an object's fields, saved values of registers.
 * Where the loop is entered, one probe looks whether the whole stretch is in one page that hits; from then on an access there needs neither comparison
 * nor address. The probe's answer is the host address of the first byte, in a local, or 0: then each access is made by the runtime until the loop is left.
 *
 * Other than with kept pages (`loop-pages.ts`) no access looks at its address again, so all depends on the register's being the same: no block from which
 * control comes back to the header may write it. After a helper that may change the mapping the probe is made again.
 */
import { emitProbe } from '@emu/softmmu';
import { Kind, MemOp, Op, STRIDE, Type, type Temp } from '@emu/tcg';
import { I32, I64, type FuncBuilder } from '@emu/wasm';
import type { GuestMemory } from './frame.ts';
import { REMOVED, type Globals } from './globals.ts';
import type { RegionCode } from './region-code.ts';
import { INS, isInPlace, OUTS, writesGuest } from './shape.ts';
import type { Values } from './values.ts';

/** Bytes of a window at most: the more, the more often one lies in two pages. */
const BYTES = 512;
/** Windows of a loop. */
const WINDOWS = 4;
const PAGE = 4096;
const HALF = 32;
/** How an address follows from its register: it is the register; plus a constant; plus a constant mod 2^32; in another way. */
const Form = { SAME: 0, SUM: 1, SUM32: 2, OTHER: 3 } as const;
const NONE = -1;

/** A loop as it is looked at here; `LoopPages` finds them. */
export interface WindowLoop {
  /** Nodes from which control comes back to the header. */
  readonly isInside: Uint8Array;
  /** Its own turns call no helper that may change the mapping. */
  readonly fits: boolean;
}

export interface Window {
  readonly register: Temp;
  readonly mmu: number;
  /** Distances of the first byte and of the end from the register. */
  first: number;
  end: number;
  write: boolean;
  form: number;
  /** Some access has the register itself for its address. */
  same: boolean;
  /** i32 local: host address of the first byte, or 0. */
  host: number;
}

/** An access in a window, `distance` bytes from the window's register. */
export interface WindowAccess { readonly window: Window; readonly distance: number }

export interface WindowContext { readonly f: FuncBuilder; readonly memory: GuestMemory; readonly masks: ReadonlyMap<number, number>; readonly values: Values; readonly hostLocal: number; readonly entryLocal: number }

/** An access that may be in a window. */
interface Access { readonly op: number; readonly register: Temp; readonly distance: number; readonly bytes: number; readonly form: number; readonly mmu: number; readonly write: boolean }

export class LoopWindows {
  #code!: RegionCode;
  /** By loop header. */
  readonly #windows = new Map<number, Window[]>();
  readonly #ofAccess = new Map<number, WindowAccess>();
  /** Of temps within the block at hand: register, distance, form. */
  #register = new Int32Array(4096);
  #distance = new Float64Array(4096);
  #form = new Uint8Array(4096);

  /** Looks at the region's loops, by header. An access is in a window of the outermost loop that can have one for it. */
  begin(code: RegionCode, globals: Globals, loops: ReadonlyMap<number, WindowLoop>): void {
    this.#code = code;
    this.#windows.clear();
    this.#ofAccess.clear();
    if (loops.size === 0) return;
    const temps = code.ir.tempCount;
    if (temps > this.#register.length) [this.#register, this.#distance, this.#form] = [new Int32Array(temps * 2), new Float64Array(temps * 2), new Uint8Array(temps * 2)];
    const written = new Map<number, Set<Temp>>(), accesses: Access[][] = [];
    for (const header of loops.keys()) written.set(header, new Set());
    for (let b = 0; b < code.blockCount; b++) {
      const around = [...loops].filter(([, loop]) => loop.isInside[b]);
      accesses[b] = [];
      if (around.length > 0) this.#look(b, globals, accesses[b]!, (g) => { for (const [header] of around) written.get(header)!.add(g); });
    }
    const sizes = new Map([...loops].map(([header, { isInside }]) => [header, isInside.reduce((sum, inside) => sum + inside, 0)]));
    const outermostFirst = [...loops].sort(([a], [b]) => sizes.get(b)! - sizes.get(a)!);
    for (const [header, loop] of outermostFirst) {
      if (!loop.fits) continue;
      const found = accesses.flatMap((list, b) => (loop.isInside[b] ? list.filter(({ op, register }) => !this.#ofAccess.has(op) && !written.get(header)!.has(register)) : []));
      this.#choose(header, found);
    }
  }

  /** Where access `i` is in a window, or null. */
  of(i: number): WindowAccess | null {
    return this.#ofAccess.get(i) ?? null;
  }

  /** The loop with this header is entered from outside, next; or the mapping may have changed inside it. */
  enter(context: WindowContext, header: number): void {
    for (const window of this.#windows.get(header) ?? []) this.#find(context, window);
  }

  /** What the accesses of block `b` have for addresses, and which globals it writes. */
  #look(b: number, globals: Globals, accesses: Access[], written: (g: Temp) => void): void {
    const { ir, start, end } = this.#code, { args } = ir;
    this.#register.fill(NONE, 0, ir.tempCount);
    for (let g = 0; g < ir.globalCount; g++) if (ir.tempType[g] === Type.i64) this.#set(g, g, 0, Form.SAME);
    for (let i = start[b]!; i < end[b]!; i++) {
      const op = ir.op[i]!, p = i * STRIDE;
      if (op === REMOVED) continue;
      if (isInPlace(op)) this.#note(i, accesses);
      if (op === Op.call) {
        for (let g = 0; g < ir.globalCount; g++) if (args[p] === g || globals.mayWrite(p, g)) this.#forget(g, written);
        if (args[p]! >= ir.globalCount) this.#register[args[p]!] = NONE;
        continue;
      }
      const known = ir.type[i] === Type.i64 && this.#follow(op, p);
      for (let k = 0; k < OUTS[op]!; k++) {
        if (args[p + k]! < ir.globalCount) this.#forget(args[p + k]!, written);
        else if (!known) this.#register[args[p + k]!] = NONE;
      }
    }
  }

  #forget(g: Temp, written: (g: Temp) => void): void {
    this.#register[g] = NONE;
    written(g);
  }

  /** Whether the op's output is a register plus a constant. */
  #follow(op: number, p: number): boolean {
    const { args, tempKind, tempLo, tempHi } = this.#code.ir, d = args[p]!, a = args[p + 1]!, b = args[p + 2]!;
    if (OUTS[op] !== 1 || INS[op]! < 1 || this.#register[a] === NONE) return false;
    const register = this.#register[a]!, distance = this.#distance[a]!, form = this.#form[a]!;
    if (op === Op.mov) this.#set(d, register, distance, form);
    else if (op === Op.extract && b === 0 && args[p + 3] === HALF) this.#set(d, register, distance, Form.SUM32);
    else if ((op === Op.add || op === Op.sub) && tempKind[b] === Kind.CONST && tempHi[b] === tempLo[b]! >> 31) {
      this.#set(d, register, distance + (op === Op.add ? tempLo[b]! : -tempLo[b]!), form === Form.SAME || form === Form.SUM ? Form.SUM : Form.OTHER);
    } else return false;
    return true;
  }

  #set(t: Temp, register: Temp, distance: number, form: number): void {
    this.#register[t] = register;
    this.#distance[t] = distance;
    this.#form[t] = form;
  }

  #note(i: number, accesses: Access[]): void {
    const { ir } = this.#code, { args } = ir, op = ir.op[i]!, at = i * STRIDE + OUTS[op]! + INS[op]!, memop = args[at]!, t = args[i * STRIDE + 1]!;
    if (memop & MemOp.ALIGN || this.#register[t] === NONE || this.#form[t] === Form.OTHER || Math.abs(this.#distance[t]!) >= 2 ** 31 - PAGE) return;
    accesses.push({ op: i, register: this.#register[t]!, distance: this.#distance[t]!, bytes: 1 << (memop & MemOp.SIZE), form: this.#form[t]!, mmu: args[at + 1]!, write: writesGuest(ir, i) });
  }

  /** Lays windows over accesses near each other, the lowest first. */
  #choose(header: number, accesses: Access[]): void {
    const windows: Window[] = [];
    accesses.sort((a, b) => a.distance - b.distance);
    for (const { op, register, distance, bytes, form, mmu, write } of accesses) {
      let window = windows.find((w) => w.register === register && w.mmu === mmu && distance + bytes - w.first <= BYTES && goTogether(w.form, form));
      if (!window) {
        if (windows.length === WINDOWS) continue;
        window = { register, mmu, first: distance, end: distance, write: false, form: Form.SAME, same: false, host: NONE };
        windows.push(window);
      }
      window.end = Math.max(window.end, distance + bytes);
      window.write ||= write;
      if (form === Form.SAME) window.same = true;
      else window.form = form;
      this.#ofAccess.set(op, { window, distance });
    }
    if (windows.length > 0) this.#windows.set(header, windows);
  }

  #find({ f, memory, masks, values, hostLocal, entryLocal }: WindowContext, window: Window): void {
    const { register, first, end, form, same, mmu, write } = window, addr = values.tmp(I64);
    if (window.host === NONE) window.host = f.local(I32);
    f.localGet(values.localOf(register));
    if (form === Form.SUM32) {
      f.i32WrapI64();
      f.i32Const(first);
      f.i32Add();
      f.i64ExtendI32U();
    } else if (first !== 0) {
      f.i64Const(first, first >> 31);
      f.i64Add();
    }
    f.localSet(addr);
    emitProbe(f, { addr, access: write ? 'write' : 'read', memop: MemOp.b8, descriptor: { at: memory.descriptor(mmu) }, mask: masks.get(mmu), host: hostLocal, entry: entryLocal, vaddrBits: memory.vaddrBits });
    f.localGet(addr);
    f.i32WrapI64();
    f.i32Const(PAGE - 1);
    f.i32And();
    f.i32Const(PAGE - (end - first));
    f.i32LeU();
    f.i32And();
    if (form === Form.SUM32 && same) { // those agree if the register has no upper half
      f.localGet(values.localOf(register));
      f.i64Const(HALF, 0);
      f.i64ShrU();
      f.i64Eqz();
      f.i32And();
    }
    f.localSet(entryLocal);
    f.localGet(hostLocal);
    f.i32Const(0);
    f.localGet(entryLocal);
    f.select();
    f.localSet(window.host);
    values.free(addr);
  }
}

/** Whether one window may hold both: what is the register itself agrees with either. */
const goTogether = (a: number, b: number): boolean => a === b || a === Form.SAME || b === Form.SAME;
