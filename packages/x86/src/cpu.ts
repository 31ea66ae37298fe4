/**
 * One x86-64 logical processor: its state in the arena, its MMU, and what it asks of the machine around it. Instruction
 * semantics live in the emitters and helpers; this class is what they share.
 */
import type { Arena, HostPtr } from '@emu/vaddr';
import type { SoftMmu, Watchpoint } from '@emu/softmmu';
import { GUEST_FAULT } from '@emu/tcg';
import { Accesses } from './accesses.ts';
import { HF, Mmu, mmuIndex, ODD_WAYS } from './hflags.ts';
import { computeFlags } from './flags.ts';
import { fninit, MXCSR_INIT } from './fpu/state.ts';
import { Attention, ARITH_FLAGS, ATTR, CR0, CR4, DPL_SHIFT, EFER, EFLAGS, Reg, SegReg, ST, Vector, viewState, X86_STATE } from './state.ts';
import type { X86StateView } from './state.ts';
import { CpuModel } from './system/cpuid.ts';
import { setCr3 } from './system/control-registers.ts';
import { DR6_FIXED, DR7_FIXED, setDr6 } from './system/debug.ts';
import { Descriptor } from './system/descriptor.ts';
import type { Event } from './system/interrupt.ts';
import type { WalkMemory } from './system/paging.ts';
import { FarStack } from './system/stack.ts';
import { NumberWords, transferBits } from './transfer-bits.ts';

/** Segments whose limit alone decides: present data that grows up and can be written, or readable code (which `isChecked` keeps from writes). */
const isPlain = (attr: number): boolean => {
  const kind = attr & (ATTR.P | ATTR.CODE | ATTR.EXPAND_DOWN | ATTR.WRITABLE);
  return attr & ATTR.CODE ? (attr & (ATTR.P | ATTR.READABLE)) === (ATTR.P | ATTR.READABLE) : kind === (ATTR.P | ATTR.WRITABLE);
};

/** What a processor asks of the machine. */
export interface X86Bus {
  ioRead(port: number, bytes: 1 | 2 | 4): number;
  ioWrite(port: number, bytes: 1 | 2 | 4, value: number): void;
  /** Interrupt acknowledge: the vector to deliver, or -1. */
  acknowledge(): number;
  /** Time stamp counter as two halves: returns the low one, the high one by the second call. */
  tsc(): number;
  tscHi(): number;
  /** Local APIC registers through MSRs 0x800.. (x2APIC) and its base; undefined where there is none. */
  readonly apic?: {
    readMsr(index: number, out: { lo: number; hi: number }): boolean;
    writeMsr(index: number, lo: number, hi: number): boolean;
    setBase(lo: number, hi: number): void;
    /** CR8: task priority class. */
    tpr(): number;
    setTpr(value: number): void;
    /** The guest moved its time stamp counter, for which a TSC-deadline timer may wait. */
    tscChanged(): void;
  };
  /** Triple fault. */
  shutdown(): void;
  /** MOV to CR0.NE=0 style FERR#: IRQ 13. */
  ferr(): void;
  /** Random bits for RDRAND and RDSEED. */
  random32(): number;
  /** Whether `-d` asked for this kind: texts are only made then. */
  logs(kind: 'unimp' | 'guest_error' | 'int' | 'cpu_reset'): boolean;
  log(kind: 'unimp' | 'guest_error' | 'int' | 'cpu_reset', text: string): void;
}

export class X86Cpu {
  readonly arena: Arena;
  readonly env: HostPtr;
  readonly s: X86StateView;
  readonly bus: X86Bus;
  /** Set by the constructor's caller, once the MMU exists (it needs the CPU's walk). */
  mmu!: SoftMmu;
  /** Physical memory, for what the processor reads by physical address; set likewise. */
  phys!: WalkMemory;
  /** Scratch objects of system operations; none outlives one. */
  readonly descriptor = new Descriptor();
  readonly stack = new FarStack();
  readonly #i32: Int32Array;
  readonly #words: NumberWords;

  /** Model: CPUID and what control registers accept. */
  readonly model: CpuModel;
  readonly apicId: number;
  /** A fault came after this instruction had replaced the whole state (a task switch): it is that of the fault. Until that is delivered. */
  stateIsNew = false;
  readonly #watches: (Watchpoint | undefined)[] = [];

  constructor(arena: Arena, env: HostPtr, bus: X86Bus, model: CpuModel = new CpuModel(), apicId = 0) {
    this.arena = arena;
    this.env = env;
    this.bus = bus;
    this.model = model;
    this.apicId = apicId;
    this.s = viewState(arena, env);
    this.#words = new NumberWords(this.s);
    this.#i32 = arena.i32;
  }

  // ---- Registers by number -------------------------------------------------------------------------------------------------------

  gprLo(n: number): number { return this.#i32[(this.env + ST.gpr + 8 * n) >>> 2]!; }
  gprHi(n: number): number { return this.#i32[(this.env + ST.gpr + 8 * n + 4) >>> 2]!; }
  setGpr(n: number, lo: number, hi: number): void {
    this.#i32[(this.env + ST.gpr + 8 * n) >>> 2] = lo;
    this.#i32[(this.env + ST.gpr + 8 * n + 4) >>> 2] = hi;
  }

  segSelector(n: number): number { return this.#i32[(this.env + ST.segSelector + 4 * n) >>> 2]!; }
  segAttr(n: number): number { return this.#i32[(this.env + ST.segAttr + 4 * n) >>> 2]!; }
  /** Unsigned bytes. */
  segLimit(n: number): number { return this.#i32[(this.env + ST.segLimit + 4 * n) >>> 2]! >>> 0; }
  segBaseLo(n: number): number { return this.#i32[(this.env + ST.segBase + 8 * n) >>> 2]!; }
  segBaseHi(n: number): number { return this.#i32[(this.env + ST.segBase + 8 * n + 4) >>> 2]!; }

  /** Loads a segment register's visible and hidden parts. CS also sets the TB key. Call `updateHflags` after the last one. */
  setSegment(n: number, selector: number, baseLo: number, baseHi: number, limit: number, attr: number): void {
    const i32 = this.#i32, env = this.env;
    i32[(env + ST.segSelector + 4 * n) >>> 2] = selector;
    i32[(env + ST.segBase + 8 * n) >>> 2] = baseLo;
    i32[(env + ST.segBase + 8 * n + 4) >>> 2] = baseHi;
    i32[(env + ST.segLimit + 4 * n) >>> 2] = limit;
    i32[(env + ST.segAttr + 4 * n) >>> 2] = attr;
    if (n > SegReg.GS) return;
    const end = (env + ST.segEnd + 8 * n) >>> 2, plain = isPlain(attr), all = limit === -1 || limit === 0xffffffff;
    i32[end] = plain && !all ? limit + 1 : 0;
    i32[end + 1] = plain && all ? 1 : 0;
  }

  /** Sets RIP (EIP, IP); the key's code base and flags follow from `updateHflags`. */
  setPc(lo: number, hi: number): void {
    this.s.pcLo = lo;
    this.s.pcHi = hi;
  }

  /** What helpers do where generated code has its alignment check: #AC(0) at CPL 3 with CR0.AM and EFLAGS.AC. @param bytes a power of two. */
  checkAlignment(addressLo: number, bytes: number): void {
    if (this.s.flags & HF.AC && addressLo & (bytes - 1)) this.raise(Vector.AC, 0);
  }

  /** Sets the stack pointer after a return to another stack: all of RSP for 64-bit code, else as wide as that stack (and the image). */
  setStackPointer(lo: number, hi: number, to64: boolean, bits: 16 | 32, bytes: number): void {
    if (to64) this.setGpr(4, bytes === 2 ? lo & 0xffff : lo, bytes === 8 ? hi : 0);
    else if (bits === 32) this.setGpr(4, lo, 0);
    else this.setGpr(4, (this.gprLo(4) & ~0xffff) | (lo & 0xffff), this.gprHi(4));
  }

  /** Upper half of hi:lo + add, for 0 <= add < 2^32. */
  carry(lo: number, hi: number, add: number): number {
    return (lo >>> 0) + add > 0xffffffff ? (hi + 1) | 0 : hi;
  }

  /** The task register holds a 32-bit TSS. */
  taskIs32(): boolean {
    return (this.segAttr(SegReg.TR) & (8 << 8)) !== 0;
  }

  formatPc(): string {
    return `0x${((this.s.pcHi >>> 0) * 2 ** 32 + (this.s.pcLo >>> 0)).toString(16)}`;
  }

  /** For `-d int`, one line in QEMU's layout. */
  logInterrupt(e: Event): void {
    if (!this.bus.logs('int')) return;
    const { s } = this, hex = (value: number, digits: number): string => (value >>> 0).toString(16).padStart(digits, '0');
    const hex64 = (hi: number, lo: number): string => hex(hi, 8) + hex(lo, 8);
    const linearLo = (s.pcLo + s.csBaseLo) | 0, linearHi = this.carry(s.csBaseLo, s.pcHi, s.pcLo);
    const about = e.vector === Vector.PF ? `CR2=${hex64(s.cr2Hi, s.cr2Lo)}` : `env->regs[R_EAX]=${hex64(this.gprHi(Reg.RAX), this.gprLo(Reg.RAX))}`;
    this.bus.log('int', `v=${hex(e.vector, 2)} e=${hex(Math.max(0, e.error), 4)} i=${e.software ? 1 : 0} cpl=${this.cpl}`
      + ` IP=${hex(this.segSelector(SegReg.CS), 4)}:${hex64(s.pcHi, s.pcLo)} pc=${hex64(linearHi, linearLo)}`
      + ` SP=${hex(this.segSelector(SegReg.SS), 4)}:${hex64(this.gprHi(Reg.RSP), this.gprLo(Reg.RSP))} ${about}`);
  }

  // ---- Memory as the processor itself uses it --------------------------------------------------------------------------------------

  /** MMU index of explicit data accesses at privilege `cpl`, now. */
  dataMmu(cpl: number): number {
    return cpl === 3 ? Mmu.USER : mmuIndex(this.s.flags & ~HF.CPL);
  }

  /** MMU index of pushes to the stack of privilege `cpl` during a transfer. */
  stackMmu(cpl: number): number {
    return cpl === 3 ? Mmu.USER : this.s.cr4 & CR4.SMAP ? Mmu.KERNEL_SMAP : Mmu.KERNEL;
  }

  /** Implicit supervisor accesses: descriptor tables and TSS. Outside long mode linear addresses have 32 bits. */
  sysRead16(lo: number, hi: number): number { return this.mmu.load16(lo, this.#high(hi), this.stackMmu(0)); }
  sysRead32(lo: number, hi: number): number { return this.mmu.load32(lo, this.#high(hi), this.stackMmu(0)); }
  sysWrite16(lo: number, hi: number, v: number): void { this.mmu.store16(lo, this.#high(hi), this.stackMmu(0), v); }
  sysWrite32(lo: number, hi: number, v: number): void { this.mmu.store32(lo, this.#high(hi), this.stackMmu(0), v); }
  #high(hi: number): number { return this.s.efer & EFER.LMA ? hi : 0; }

  // ---- Flags ---------------------------------------------------------------------------------------------------------------------

  /** EFLAGS, all of it. */
  readEflags(): number {
    const s = this.s;
    const arith = computeFlags(s.ccOp, s.ccDstLo, s.ccDstHi, s.ccSrcLo, s.ccSrcHi, s.ccSrc2Lo);
    return (s.eflags & ~(ARITH_FLAGS | EFLAGS.DF)) | arith | (s.df < 0 ? EFLAGS.DF : 0) | EFLAGS.FIXED1;
  }

  /** Sets the bits of EFLAGS in `mask` and refreshes what depends on them. */
  writeEflags(value: number, mask: number): void {
    const s = this.s;
    let e = (this.readEflags() & ~mask) | (value & mask) | EFLAGS.FIXED1;
    if (!(s.flags & HF.BREAKPOINTS)) e &= ~EFLAGS.RF; // nothing to hold off
    s.ccOp = 0;
    s.ccSrcLo = e & ARITH_FLAGS;
    s.ccSrcHi = 0;
    s.df = e & EFLAGS.DF ? -1 : 1;
    s.eflags = e & ~(ARITH_FLAGS | EFLAGS.DF);
    this.updateHflags();
  }

  get cpl(): number {
    return this.s.flags & HF.CPL;
  }

  /** Derives the TB key's mode bits and code base from CPU state. INHIBIT is kept, RF comes from EFLAGS. CPL is `cpl`, or as it was. */
  updateHflags(cpl: number = this.s.flags & HF.CPL): void {
    const s = this.s, cr0 = s.cr0, cr4 = s.cr4, e = s.eflags;
    let f = cpl | (s.flags & (HF.INHIBIT | HF.BREAKPOINTS));
    const csAttr = this.segAttr(SegReg.CS);
    const long = (s.efer & EFER.LMA) !== 0;
    if (cr0 & CR0.PE) f |= HF.PE;
    if (e & EFLAGS.VM) f |= HF.VM;
    if (long) f |= HF.LMA;
    if (long && csAttr & ATTR.L) f |= HF.CS64 | HF.CS32 | HF.SS32;
    else {
      if (csAttr & ATTR.DB) f |= HF.CS32;
      if (this.segAttr(SegReg.SS) & ATTR.DB) f |= HF.SS32;
      if (this.segBaseLo(SegReg.DS) | this.segBaseLo(SegReg.ES) | this.segBaseLo(SegReg.SS)) f |= HF.ADDSEG;
      f |= this.#segmentChecks();
    }
    if (cr0 & CR0.MP) f |= HF.MP;
    if (cr0 & CR0.EM) f |= HF.EM;
    if (cr0 & CR0.TS) f |= HF.TS;
    if (cr4 & CR4.OSFXSR) f |= HF.OSFXSR;
    f |= transferBits(this.#words, cpl, e);
    if (f & HF.SSE_FAST) f |= this.#wideFloats();
    if (e & EFLAGS.RF && f & HF.BREAKPOINTS) f |= HF.RF;
    if (cr4 & CR4.UMIP) f |= HF.UMIP;
    if (cr4 & CR4.TSD) f |= HF.TSD;
    if (cr4 & CR4.FSGSBASE) f |= HF.FSGSBASE;
    if (cr4 & CR4.OSXSAVE) f |= HF.OSXSAVE;
    if (cr4 & CR4.LA57) f |= HF.LA57;
    s.flags = f;
    s.csBaseLo = f & HF.CS64 ? 0 : this.segBaseLo(SegReg.CS);
    s.csBaseHi = 0;
  }

  /** SSE_WIDE or nothing: on a return to CPL 3. */
  #wideFloats(): number {
    const s = this.s, odd = s.oddWays, { limit, period } = ODD_WAYS;
    s.oddWays = odd < limit ? odd >> 1 : odd < limit + period ? odd + 1 : 0;
    return odd < limit ? 0 : HF.SSE_WIDE;
  }

  /** The bits of `HF` for segments that do not allow any 32-bit access. */
  #segmentChecks(): number {
    if (!(this.s.cr0 & CR0.PE) || this.s.eflags & EFLAGS.VM) return HF.SEGCHECK | HF.FSCHECK | HF.GSCHECK;
    let f = 0;
    for (let n = 0; n < 6; n++) {
      const flat = this.#i32[(this.env + ST.segEnd + 8 * n + 4) >>> 2] !== 0;
      if (!flat) f |= n === SegReg.FS ? HF.FSCHECK : n === SegReg.GS ? HF.GSCHECK : HF.SEGCHECK;
    }
    return f;
  }

  // ---- Faults --------------------------------------------------------------------------------------------------------------------

  /** Records a fault for the engine to deliver and abandons the helper. `error` < 0: no error code. */
  raise(vector: number, error = -1): never {
    this.record(vector, error);
    throw GUEST_FAULT;
  }

  record(vector: number, error: number): void {
    const s = this.s;
    this.#notCanonical = this.#misaligned = false;
    s.exception = vector;
    s.errorCode = error;
    s.softwareInt = 0;
    s.insnLength = 0;
    s.fault = 1;
  }

  /** An access to a linear address that is not canonical: #GP(0), or #SS(0) once it is known that it went through SS. @param lo its low half. */
  recordNotCanonical(lo: number): void {
    this.record(Vector.GP, 0);
    this.#notCanonical = true;
    this.#addressLo = lo;
  }

  /** The memory system met a misaligned address where it was told to look: #AC(0), or #GP(0) for an operand that must always be aligned. */
  recordMisaligned(): void {
    this.record(this.s.flags & HF.AC ? Vector.AC : Vector.GP, 0);
    this.#misaligned = true;
  }

  /** Tells #SS from #GP and #GP from #AC by the `accesses` (see `Accesses`) of the instruction that faulted. SDM Vol. 3, 6.15. */
  refineFault(accesses: number): void {
    const s = this.s;
    if (this.#misaligned && accesses & Accesses.ALIGNED) s.exception = Vector.GP;
    if (!this.#notCanonical || !(accesses & Accesses.STACK)) return;
    // PUSH, POP and CALL with a memory operand access both: the stack pointer is near to one of them
    const nearStack = Math.abs((this.#addressLo - this.gprLo(Reg.RSP)) | 0) <= 16;
    if (!(accesses & Accesses.OTHER) || nearStack) s.exception = Vector.SS;
  }
  #notCanonical = false;
  #misaligned = false;
  #addressLo = 0;

  /** Records INT n, INT3 or INTO: delivered with the address behind the instruction of `length` bytes. */
  recordSoftware(vector: number, length: number): void {
    this.record(vector, -1);
    this.s.softwareInt = 1;
    this.s.insnLength = length;
  }

  /** As `recordSoftware`, without the privilege check on the gate. */
  recordTrap(vector: number, length: number): void {
    this.record(vector, -1);
    this.s.insnLength = length;
  }

  /** Limit and type check of a data access outside 64-bit mode. SDM Vol. 3, 5.3 and 5.5. */
  segCheck(seg: number, offset: number, bytes: number, write: boolean): void {
    const attr = this.segAttr(seg), limit = this.segLimit(seg), last = (offset >>> 0) + bytes - 1;
    const vector = seg === SegReg.SS ? Vector.SS : Vector.GP;
    const real = !(this.s.cr0 & CR0.PE) || (this.s.eflags & EFLAGS.VM) !== 0;
    if (!real) {
      if (!(attr & ATTR.P)) this.raise(vector, 0); // a null selector's hidden part
      if (write && (attr & ATTR.CODE || !(attr & ATTR.WRITABLE))) this.raise(vector, 0);
      if (!write && attr & ATTR.CODE && !(attr & ATTR.READABLE)) this.raise(vector, 0);
      if (!(attr & ATTR.CODE) && attr & ATTR.EXPAND_DOWN) {
        const top = attr & ATTR.DB ? 0xffffffff : 0xffff;
        if ((offset >>> 0) <= limit || last > top) this.raise(vector, 0);
        return;
      }
    }
    if (last > limit) this.raise(vector, 0);
  }

  isCanonical(lo: number, hi: number): boolean {
    void lo;
    return (this.s.cr4 & CR4.LA57 ? (hi << 7) >> 7 : (hi << 16) >> 16) === hi;
  }

  setCr3(lo: number, hi: number): void {
    setCr3(this, lo, hi);
  }

  /** EFLAGS.AC by STAC and CLAC: only the mode bits that depend on it change. */
  setAc(on: boolean): void {
    const s = this.s;
    s.eflags = on ? s.eflags | EFLAGS.AC : s.eflags & ~EFLAGS.AC;
    s.flags = s.cr4 & CR4.SMAP && !on ? s.flags | HF.SMAP : s.flags & ~HF.SMAP;
  }

  /** Time stamp counter: the machine's clock plus what the guest wrote. */
  readTsc(out: { lo: number; hi: number }): void {
    const lo = this.bus.tsc(), hi = this.bus.tscHi(), s = this.s;
    const sum = (lo >>> 0) + (s.tscOffsetLo >>> 0);
    out.lo = sum | 0;
    out.hi = (hi + s.tscOffsetHi + (sum > 0xffffffff ? 1 : 0)) | 0;
  }

  writeTsc(lo: number, hi: number): void {
    const nowLo = this.bus.tsc(), nowHi = this.bus.tscHi(), s = this.s;
    s.tscOffsetLo = (lo - nowLo) | 0;
    s.tscOffsetHi = (hi - nowHi - (lo >>> 0 < nowLo >>> 0 ? 1 : 0)) | 0;
    this.bus.apic?.tscChanged();
  }

  /** Sets data breakpoint `n` as a watchpoint of the MMU (replacing the one it had). */
  watch(n: number, lo: number, hi: number, bytes: number, reads: boolean): void {
    this.#watches[n] = this.mmu.watchpoints.add(lo, hi, bytes, reads ? 'access' : 'write');
  }

  unwatchAll(): void {
    for (const w of this.#watches) if (w) this.mmu.watchpoints.remove(w);
    this.#watches.length = 0;
  }

  /** A trap to deliver once the instruction (or task switch) is complete; `dr6` says why. */
  debugTrap(dr6: number): void {
    setDr6(this, dr6);
    this.s.attention |= Attention.TRAP;
  }

  /** The INTR line. Whoever raises it also calls `Engine.requestExit`. */
  setIntr(level: boolean): void {
    this.s.attention = level ? this.s.attention | Attention.INTR : this.s.attention & ~Attention.INTR;
  }

  /** An edge on NMI. */
  nmi(): void {
    this.s.attention |= Attention.NMI;
  }

  /** State after RESET. Intel SDM Vol. 3, table 9-1. INIT keeps the FPU, caches and MSRs, and is not told apart here. */
  reset(): void {
    const s = this.s, arena = this.arena, intr = s.attention & Attention.INTR;
    arena.u8.fill(0, this.env, this.env + X86_STATE.size);
    s.attention = intr; // the line is the interrupt controller's
    s.pcLo = 0xfff0;
    s.eflags = EFLAGS.FIXED1;
    s.df = 1;
    s.cr0 = CR0.ET | CR0.NW | CR0.CD;
    const data = ATTR.P | ATTR.S | ATTR.WRITABLE | ATTR.ACCESSED;
    for (let n = 0; n < 6; n++) this.setSegment(n, 0, 0, 0, 0xffff, data);
    this.setSegment(SegReg.CS, 0xf000, 0xffff0000 | 0, 0, 0xffff, data | ATTR.CODE);
    this.setSegment(SegReg.LDTR, 0, 0, 0, 0xffff, ATTR.P | (2 << 8));
    this.setSegment(SegReg.TR, 0, 0, 0, 0xffff, ATTR.P | (11 << 8));
    s.gdtLimit = s.idtLimit = 0xffff;
    const out = new Int32Array(4);
    this.model.cpuid(this, 1, 0, out);
    this.setGpr(2, out[0]!, 0);
    const dr = (this.env + ST.dr) >>> 2;
    arena.i32[dr + 12] = DR6_FIXED;
    arena.i32[dr + 14] = DR7_FIXED;
    s.patLo = s.patHi = 0x00070406;
    s.apicBaseLo = (0xfee00800 | (this.apicId === 0 ? 0x100 : 0)) | 0;
    s.miscEnableLo = 1;
    s.xcr0Lo = 1;
    s.mxcsr = MXCSR_INIT;
    s.exception = s.errorCode = s.delivering = -1;
    s.a20 = 1 << 20;
    fninit(s as never);
    s.fcw = 0x40;
    this.mmu.flushAll();
    this.unwatchAll();
    this.updateHflags(0);
  }

  /** Descriptor privilege level of segment attributes. */
  static dpl(attr: number): number {
    return (attr >>> DPL_SHIFT) & 3;
  }
}
