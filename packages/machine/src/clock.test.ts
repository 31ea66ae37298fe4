import { describe, expect, it } from 'vitest';
import { IcountClock, RealtimeClock } from './clock.ts';

function owner(log: string[], clock: { now(): number }) {
  return { onTimer: (event: string) => void log.push(`${event}@${clock.now()}`) };
}

describe('timers', () => {
  it('fire in order of their deadlines, once each, and only when due', () => {
    let instructions = 0;
    const clock = new IcountClock(0, () => instructions), log: string[] = [];
    const [a, b] = [clock.timer(owner(log, clock), 'a'), clock.timer(owner(log, clock), 'b')];
    a.arm(20);
    b.arm(10);
    expect(clock.next).toBe(10);
    instructions = 25;
    clock.runDue();
    clock.runDue();
    expect(log).toEqual(['b@25', 'a@25']);
    expect(clock.next).toBe(Infinity);
  });

  it('of a device that is late by several periods come one a turn', () => {
    let instructions = 0, ticks = 0;
    const clock = new IcountClock(0, () => instructions);
    const timer = clock.timer({ onTimer: () => { ticks++; timer.arm(10 * (ticks + 1)); } }, 'tick');
    timer.arm(10);
    instructions = 35;
    for (const expected of [1, 2, 3, 3]) {
      clock.runDue();
      expect(ticks).toBe(expected);
    }
  });

  it('tell when one becomes the nearest, and may be cancelled', () => {
    const clock = new IcountClock(0, () => 0);
    let nearer = 0;
    clock.onNearer = () => nearer++;
    const timer = clock.timer({ onTimer: () => {} }, 'x');
    const other = clock.timer({ onTimer: () => {} }, 'y');
    other.arm(60);
    timer.arm(70);
    timer.arm(80);
    expect([nearer, clock.next]).toEqual([1, 60]);
    timer.arm(50);
    expect([nearer, clock.next]).toEqual([2, 50]);
    other.cancel();
    timer.cancel();
    expect([timer.deadline, clock.next]).toEqual([undefined, Infinity]);
  });
});

describe('virtual time', () => {
  it('under icount is 2^shift ns an instruction plus what was slept', () => {
    let instructions = 0;
    const clock = new IcountClock(3, () => instructions);
    instructions = 100;
    expect(clock.now()).toBe(800);
    clock.skipTo(5000);
    instructions = 101;
    expect(clock.now()).toBe(5008);
    expect(clock.until(5100)).toBe(12);
    clock.setShift(0);
    instructions = 111;
    expect(clock.now()).toBe(5018);
  });

  it('in real time follows the host, stands still while stopped, and never goes back', () => {
    let ms = 1000;
    const clock = new RealtimeClock(() => ms);
    expect(clock.now()).toBe(0);
    clock.start();
    ms += 2;
    expect(clock.now()).toBe(2_000_000);
    clock.stop();
    ms += 50;
    expect(clock.now()).toBe(2_000_000);
    clock.start();
    ms += 1;
    expect(clock.now()).toBe(3_000_000);
    ms -= 5;
    expect(clock.now()).toBe(3_000_000);
  });

  it('in real time shows a late guest every tick at its own time, and is back with the host as soon as they are served', () => {
    const MS = 1_000_000;
    let ms = 0, due = 0;
    const clock = new RealtimeClock(() => ms), seen: number[] = [];
    clock.onDue = () => due++;
    const timer = clock.timer({ onTimer: () => { seen.push(clock.now() / MS); timer.arm(4 * MS * (seen.length + 1)); } }, 'tick');
    timer.arm(4 * MS);
    clock.start();
    ms = 3;
    expect([clock.now(), due]).toEqual([3 * MS, 0]);
    ms = 22; // the host was busy with something else
    expect([clock.now(), due]).toEqual([4 * MS, 1]);
    const between: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      clock.runDue();
      between.push(clock.now() / MS);
    }
    expect(seen).toEqual([4, 8, 12, 16, 20]);
    expect(between).toEqual([8, 12, 16, 20, 22]);
  });

  it('in real time jumps after a long stop instead of replaying it', () => {
    let ms = 0;
    const clock = new RealtimeClock(() => ms);
    clock.timer({ onTimer: () => {} }, 'tick').arm(1_000_000);
    clock.start();
    ms = 3_600_000;
    expect(clock.now()).toBe(3_600_000 * 1e6 - 200_000_000);
  });
});
