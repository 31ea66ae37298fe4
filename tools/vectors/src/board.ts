/**
 * The least that a firmware image needs: a processor, 16 MiB of RAM, the image below 1 MiB and below 4 GiB, the debug console on port E9, isa-debug-exit on
 * port F4, the A20 gate of port 92, and of the local APIC that it sends NMIs. A triple fault resets the processor. What QEMU's PC has besides is not there: reads give ones.
 */
import { PhysMap } from '@emu/softmmu';
import type { Engine } from '@emu/tcg';
import { Arena, EmuError } from '@emu/vaddr';
import { CpuModel, createX86, type X86Bus, type X86Parts } from '@emu/x86';
import { tciEngine, type MakeEngine } from './engines.ts';

/** A guest did not end. */
export class BoardError extends EmuError {}

const MIB = 1 << 20;
const RAM_BYTES = 16 * MIB, IMAGE_BYTES = 0x10000;
const LOW_IMAGE = 0xf0000, HIGH_IMAGE = 0xffff0000;
const DEBUGCON = 0xe9, EXIT = 0xf4, PORT92 = 0x92, A20 = 2;
/** Interrupt command register of the local APIC, and its delivery mode. SDM Vol. 3, 10.6.1. */
const APIC = 0xfee00000, ICR_LOW = 0x300, MODE = 0x700, MODE_NMI = 0x400;
/** Instructions between two looks at the time limit. */
const SLICE = 1_000_000;
const LIMIT_MS = 60_000;
/** Triple faults after which a guest is given up. */
const RESETS = 10;

export interface BoardResult {
  /** What was written to port E9. */
  readonly output: string;
  /** The value written to port F4, or -1. */
  readonly exit: number;
  readonly resets: number;
}

export class Board {
  readonly parts: X86Parts;
  readonly engine: Engine;
  readonly arena = new Arena(96 * MIB);
  /** Host address of RAM. */
  readonly ram: number;
  readonly #text: number[] = [];
  #exit = -1;
  #resets = 0;
  #tsc = 0;

  /** @param image 64 KiB that end in the reset vector. @param cpu as after `-cpu`. */
  constructor(image: Uint8Array, cpu = 'max', makeEngine: MakeEngine = tciEngine) {
    if (image.length !== IMAGE_BYTES) throw new BoardError(`A firmware image has ${IMAGE_BYTES} bytes, not ${image.length}; pad it`);
    const { arena } = this, map = new PhysMap(arena), rom = arena.alloc(IMAGE_BYTES, 4096);
    this.ram = arena.alloc(RAM_BYTES, 4096);
    arena.u8.set(image, rom);
    map.addRam('ram', 0, LOW_IMAGE, this.ram);
    map.addRom('image', LOW_IMAGE, IMAGE_BYTES, rom);
    map.addRam('high ram', MIB, RAM_BYTES - MIB, this.ram + MIB);
    map.addRom('reset image', HIGH_IMAGE, IMAGE_BYTES, rom);
    map.addDevice('local APIC', APIC, 4096, { minAccess: 4, read: () => 0, write: (offset, _bytes, value) => this.#apic(offset, value) });
    const later: { engine?: Engine } = {};
    this.parts = createX86({
      arena, map, bus: this.#bus(), model: new CpuModel(cpu), onCodeWrite: (host, n) => !later.engine!.codeWrite(host, n),
      onFlush: () => later.engine?.flushJumpCache(),
    });
    this.engine = later.engine = makeEngine(arena, this.parts, map);
    this.parts.cpu.reset();
  }

  #bus(): X86Bus {
    return {
      ioRead: (_port, bytes) => (bytes === 4 ? -1 : (1 << (8 * bytes)) - 1),
      ioWrite: (port, _bytes, value) => {
        if (port === DEBUGCON) this.#text.push(value & 0xff);
        if (port === PORT92) this.#gateA20((value & A20) !== 0);
        if (port === EXIT) {
          this.#exit = value;
          this.engine.requestExit();
        }
      },
      acknowledge: () => -1, tsc: () => (this.#tsc += 100), tscHi: () => 0, shutdown: () => { this.#resets++; }, ferr: () => {}, random32: () => 4,
      logs: () => false, log: () => {},
    };
  }

  #gateA20(on: boolean): void {
    this.parts.cpu.s.a20 = on ? 1 << 20 : 0;
    this.parts.mmu.flushAll();
  }

  #apic(offset: number, value: number): void {
    if (offset !== ICR_LOW || (value & MODE) !== MODE_NMI) return;
    this.parts.cpu.nmi();
    this.engine.requestExit();
  }

  /** Runs until the guest exits. */
  run(): BoardResult {
    const started = performance.now();
    let resets = 0;
    while (this.#exit < 0) {
      this.engine.run(SLICE, true);
      if (this.#resets !== resets) {
        resets = this.#resets;
        this.parts.cpu.reset();
      }
      if (this.#resets > RESETS || performance.now() - started > LIMIT_MS || this.parts.cpu.s.halted !== 0) break;
    }
    return { output: String.fromCharCode(...this.#text), exit: this.#exit, resets: this.#resets };
  }
}
