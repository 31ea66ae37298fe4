/**
 * The contract of every device, run against random histories: reset is exact, a saved device continues as the original does,
 * a damaged snapshot is refused or harmless, and no guest access throws. It cannot see a wrong bit mask; unit tests do.
 */
import { describe, expect, test } from 'vitest';
import type { Device } from '../device.ts';
import type { AccessBytes, IoRegion } from '../io-region.ts';
import { SnapshotError, type Snapshot } from '../snapshot.ts';
import { testEnv, type TestEnv } from './test-env.ts';

/** A device under contract and how to poke it. */
export interface ContractSubject<D extends Device<object>> {
  /** A new device, wired to nothing but `env`. */
  make(env: TestEnv): D;
  /** What the guest reaches it through. */
  regions(device: D): readonly IoRegion[];
  /** Other things that happen to it (input lines, received bytes), one function an event; `random(n)` is 0..n-1. */
  events?: readonly ((device: D, random: (n: number) => number) => void)[];
  /** Longest pause between two accesses in ns; default 2 ms. Bounds how many timers a history fires. */
  pauseNs?: number;
  /** Whether some state survives a reset by design (CMOS RAM): then resetting twice must equal resetting once. */
  survivesReset?: boolean;
  /** How many histories; default 60. */
  histories?: number;
}

type Step = (subject: unknown, env: TestEnv) => unknown;

/** Mulberry32: the same seed gives the same histories everywhere. */
const randomFrom = (seed: number) => (n: number): number => {
  seed = (seed + 0x6d2b_79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
};

const pokeValue = (random: (n: number) => number, bytes: AccessBytes): number => {
  const small = random(3) === 0 ? 1 << random(8 * bytes) : random(2) === 0 ? random(256) : random(2 ** 32);
  return bytes === 4 ? small >>> 0 : (small & (2 ** (8 * bytes) - 1)) >>> 0;
};

/** One random step as a closure over fixed numbers, so that it can be played on two devices. */
function randomStep<D extends Device<object>>(subject: ContractSubject<D>, device: D, random: (n: number) => number): Step {
  const regions = subject.regions(device);
  const events = subject.events ?? [];
  const kind = random(10);
  if (kind === 0) {
    const ns = random(subject.pauseNs ?? 2_000_000);
    return (_d, env) => env.clock.advance(ns);
  }
  if (kind <= 3 && events.length > 0) {
    const event = events[random(events.length)]!;
    const seed = random(2 ** 31);
    return (d) => event(d as D, randomFrom(seed));
  }
  const index = random(regions.length);
  const region = regions[index]!;
  const min = region.access?.min ?? 1;
  const max = region.access?.max ?? 4;
  const sizes = ([1, 2, 4] as const).filter((n) => n >= min && n <= max && n <= region.size);
  const bytes = sizes[random(sizes.length)]!;
  const offset = Math.min(random(region.size) & -bytes, region.size - bytes);
  if (random(2) === 0) return (d) => subject.regions(d as D)[index]!.read(offset, bytes);
  const value = pokeValue(random, bytes);
  return (d) => subject.regions(d as D)[index]!.write(offset, bytes, value);
}

const levels = (device: Device<object>) => device.lines.map((line) => `${line.name}=${line.level ? 1 : 0}`);

/** Everything observable of a device at rest. */
const picture = (device: Device<object>) => ({ ...device.save(), lines: levels(device) });

function play<D extends Device<object>>(subject: ContractSubject<D>, seed: number) {
  const random = randomFrom(seed);
  const env = testEnv(random(1000) * 1_000_003);
  const device = subject.make(env);
  const length = 1 + random(24);
  for (let i = 0; i < length; i++) randomStep(subject, device, random)(device, env);
  return { random, env, device };
}

/** Replaces one value deep inside a snapshot by something that does not belong there. */
function damage(snapshot: Snapshot, random: (n: number) => number): Snapshot {
  const junk = [-1, 1e9, 2 ** 31, 0.5, Number.NaN, Infinity, 'x', null, undefined, [], {}, true, new Uint8Array(3), 255, 0x1_0000];
  let holder = structuredClone(snapshot) as unknown as Record<string, unknown>;
  const root = holder;
  for (;;) {
    const keys = Object.keys(holder);
    if (keys.length === 0) return root as unknown as Snapshot;
    const key = keys[random(keys.length)]!;
    const inner = holder[key];
    if (typeof inner === 'object' && inner !== null && random(8) !== 0) holder = inner as Record<string, unknown>;
    else {
      try {
        holder[key] = junk[random(junk.length)];
      } catch {
        holder[key] = 0; // a BigInt64Array takes no number; nothing of ours is one
      }
      return root as unknown as Snapshot;
    }
  }
}

/** Declares the contract's tests for one device. */
export function deviceContract<D extends Device<object>>(title: string, subject: ContractSubject<D>): void {
  const histories = subject.histories ?? 60;

  describe(`device contract: ${title}`, () => {
    test('reset after any history gives the power-on state', () => {
      for (let seed = 1; seed <= histories; seed++) {
        const { env, device } = play(subject, seed);
        device.reset();
        const once = picture(device);
        if (subject.survivesReset === true) {
          device.reset();
          expect(picture(device), `history ${seed}`).toEqual(once);
        } else {
          const fresh = subject.make({ ...testEnv(env.clock.now()) });
          expect(once, `history ${seed}`).toEqual(picture(fresh));
        }
      }
    });

    test('a saved device continues in another one exactly as the original does', () => {
      for (let seed = 1; seed <= histories; seed++) {
        const { random, env, device } = play(subject, seed + 10_000);
        const twinEnv = testEnv(env.clock.now());
        const twin = subject.make(twinEnv);
        twin.load(structuredClone(device.save()));
        expect(picture(twin), `history ${seed}: state`).toEqual(picture(device));
        for (let i = 0; i < 12; i++) {
          const step = randomStep(subject, device, random);
          expect(step(twin, twinEnv), `history ${seed}: answer ${i}`).toEqual(step(device, env));
          expect(picture(twin), `history ${seed}: after step ${i}`).toEqual(picture(device));
        }
      }
    });

    test('a saved state shares nothing with the running device', () => {
      const { random, env, device } = play(subject, 77);
      const snapshot = device.save();
      const copy = structuredClone(snapshot);
      for (let i = 0; i < 40; i++) randomStep(subject, device, random)(device, env);
      expect(snapshot).toEqual(copy);
    });

    test('a newer or damaged snapshot is refused, or does no harm', () => {
      const newer = subject.make(testEnv());
      expect(() => newer.load({ ...newer.save(), version: newer.version + 1 })).toThrow(SnapshotError);
      for (let seed = 1; seed <= histories * 4; seed++) {
        const { random, device } = play(subject, seed + 20_000);
        const env = testEnv();
        const victim = subject.make(env);
        const before = picture(victim);
        try {
          victim.load(damage(device.save(), random));
        } catch (error) {
          expect(error, `history ${seed}`).toBeInstanceOf(SnapshotError);
          expect(picture(victim), `history ${seed}: a refused snapshot changes nothing`).toEqual(before);
          continue;
        }
        for (let i = 0; i < 12; i++) randomStep(subject, victim, random)(victim, env);
      }
    });
  });
}
