/** A booted guest (or this processor) that runs programs on request, with the CPU time that each costs. */
import { used, type CpuUse } from '../cpu-time.ts';
import type { EmulatorCommand } from '../emulators.ts';
import type { Counters } from '../emulator/counters.ts';
import type { Profile } from '../emulator/profile.ts';
import { BenchError } from '../errors.ts';
import { GuestProcess } from '../guest-process.ts';

const BOOT_S = 300;
const RUN_S = 300;
/** Where v86's counter of instructions starts again; no run is that long. */
const WRAP = 2 ** 32;

export interface Ran {
  readonly checksum: number;
  /** The emulator's user + system time, all threads, in ms; on the host that of the program. */
  readonly cpuMs: number;
  /** Of which on the thread that runs the guest. */
  readonly mainMs: number;
  /** By the guest's own clock. */
  readonly guestMs: number;
  readonly wallMs: number;
  /** Guest instructions, where the emulator counts them. */
  readonly instructions?: number | undefined;
}

export class Session {
  readonly name: string;
  readonly #guest: GuestProcess;
  readonly #host: boolean;
  /** CPU time until the driver was ready. */
  boot: CpuUse = { totalMs: 0, mainMs: 0 };

  private constructor(command: EmulatorCommand, core: number, host: boolean) {
    this.name = command.name;
    this.#guest = new GuestProcess(command, core);
    this.#host = host;
  }

  /** @param host the driver runs as a program of this machine. */
  static async start(command: EmulatorCommand, core: number, host = false): Promise<Session> {
    const session = new Session(command, core, host);
    try {
      await session.#guest.waitFor(/@ready\n/, BOOT_S);
    } catch (error) {
      await session.stop();
      throw error;
    }
    session.boot = used(session.#guest.cpu());
    return session;
  }

  /** @throws BenchError when the program fails, or the guest does not answer. */
  async run(program: string, size: number): Promise<Ran> {
    const instructions = await this.#guest.instructions();
    const before = this.#guest.cpu(), started = performance.now();
    this.#guest.send(`run ${program} ${size}\n`);
    const [, status, checksum, ns, us, words] = /@end (\d+) (\d+) (\d+) (\d+)(.*)\n/.exec(await this.#guest.waitFor(/@end .*\n/, RUN_S))!;
    const wallMs = performance.now() - started, cpu = used(this.#guest.cpu(), before);
    if (status !== '0') throw new BenchError(`${program} failed on ${this.name} with status ${status}:${words}`);
    const after = await this.#guest.instructions();
    return {
      checksum: Number(checksum), guestMs: Number(ns) / 1e6, wallMs,
      cpuMs: this.#host ? Number(us) / 1000 : cpu.totalMs, mainMs: this.#host ? Number(us) / 1000 : cpu.mainMs,
      instructions: after === undefined ? undefined : after - instructions! + (after < instructions! ? WRAP : 0),
    };
  }

  /** One run under the profiler, with what the counters say about it; undefined where there is none. */
  async profile(program: string, size: number): Promise<{ profile: Profile; before: Counters; after: Counters } | undefined> {
    const before = await this.#guest.counters();
    const profile = await this.#guest.profile(() => this.run(program, size));
    return profile && { profile, before: before!, after: (await this.#guest.counters())! };
  }

  counters(): Promise<Counters | undefined> {
    return this.#guest.counters();
  }

  memory(): { now: number; peak: number } {
    return this.#guest.memory();
  }

  stop(): Promise<void> {
    return this.#guest.stop();
  }
}
