/** Measures one program on several sessions: sizes by calibration, so that each run takes about as long everywhere; runs in turn; the best counts. */
import { BenchError } from '../errors.ts';
import type { Program } from './programs.ts';
import type { Ran, Session } from './session.ts';

export interface Measured {
  /** Units of work in the runs that count. */
  readonly size: number;
  /** CPU time of a unit in ms: the least of the runs, with and without the emulator's other threads. */
  readonly cpuMs: number;
  readonly mainMs: number;
  /** By the guest's clock, of the same run. */
  readonly guestMs: number;
  /** Guest instructions a unit, and their speed. */
  readonly instructions?: number | undefined;
  readonly mips?: number | undefined;
  /** CPU time of a unit in the very first run, which is of one unit (or of the program's own number), when nothing was translated. */
  readonly firstMs: number;
}

export interface MeasureOptions {
  readonly runs: number;
  /** CPU time of a run. */
  readonly targetMs: number;
}

/** By session. A session whose guest fails the program has an Error instead. `reference` gives the checksums that are right. */
export async function measure(program: Program, sessions: readonly Session[], reference: Session, { runs, targetMs }: MeasureOptions): Promise<Map<Session, Measured | Error>> {
  const results = new Map<Session, Measured | Error>();
  const sizes = new Map<Session, { size: number; firstMs: number }>();
  const best = new Map<Session, Ran>();
  const attempt = async (session: Session, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      results.set(session, error);
    }
  };
  const checked = async (session: Session, size: number): Promise<Ran> => {
    const ran = await session.run(program.name, size);
    if (session === reference) return ran;
    const right = await reference.run(program.name, size);
    if (right.checksum !== ran.checksum) throw new BenchError(`${program.name} ${size}: ${session.name} says ${ran.checksum}, this processor ${right.checksum}`);
    return ran;
  };
  for (const session of sessions) await attempt(session, async () => {
    if (program.units === undefined) return void sizes.set(session, await calibrate(targetMs, (size) => checked(session, size)));
    sizes.set(session, { size: program.units, firstMs: (await checked(session, program.units)).cpuMs / program.units });
  });
  for (let run = 0; run < runs; run++) {
    for (const session of sessions) {
      if (results.get(session)) continue;
      await attempt(session, async () => {
        const ran = await session.run(program.name, sizes.get(session)!.size), old = best.get(session);
        if (!old || ran.cpuMs < old.cpuMs) best.set(session, ran);
      });
    }
  }
  for (const session of sessions) {
    if (results.get(session)) continue;
    const { size, firstMs } = sizes.get(session)!, { cpuMs, mainMs, guestMs, instructions } = best.get(session)!;
    results.set(session, {
      size, firstMs, cpuMs: cpuMs / size, mainMs: mainMs / size, guestMs: guestMs / size,
      ...(instructions === undefined ? {} : { instructions: instructions / size, mips: instructions / 1000 / cpuMs }),
    });
  }
  return results;
}

const GROWTH = 16;
/** Runs of one size until they get no faster, at most. */
const SETTLING = 4;
const STILL_FASTER = 0.9;

/** The size that takes about `targetMs`, found by growing runs, which also warm the emulator up: the first ones pay for translation, so they say little. */
async function calibrate(targetMs: number, run: (size: number) => Promise<Ran>): Promise<{ size: number; firstMs: number }> {
  const settled = async (size: number, before: Ran): Promise<Ran> => {
    let last = before, ran = await run(size);
    for (let i = 1; i < SETTLING && ran.cpuMs < last.cpuMs * STILL_FASTER; i++) [last, ran] = [ran, await run(size)];
    return ran;
  };
  let size = 1;
  const first = await run(size);
  let ran = await settled(size, first);
  while (ran.cpuMs < targetMs / 4) {
    size = rounded(size * Math.min(GROWTH, Math.max(2, targetMs / 2 / Math.max(ran.cpuMs, 0.001))));
    ran = await run(size);
  }
  ran = await settled(size, ran);
  return { size: Math.max(1, rounded(size * targetMs / ran.cpuMs)), firstMs: first.cpuMs };
}

/** To two significant digits. */
const rounded = (size: number): number => Math.max(1, Number(size.toPrecision(2)));
