import { expect, test } from 'vitest';
import { DebugExit } from './debug-exit.ts';
import { DebugConsole } from './debugcon.ts';
import { regionRead, regionWrite } from './io-region.ts';
import { Pvpanic, PvpanicEvent } from './pvpanic.ts';
import { deviceContract, testEnv } from './testing.ts';

test('the debug console prints what is written and reads 0xe9', () => {
  const sent: number[] = [];
  const console = new DebugConsole('debugcon', testEnv(), { write: (bytes) => void sent.push(...bytes) });
  for (const c of 'ok') regionWrite(console.port, 0, 1, c.charCodeAt(0));
  expect([String.fromCharCode(...sent), regionRead(console.port, 0, 1)]).toEqual(['ok', 0xe9]);
});

test('isa-debug-exit turns a value into the status (value << 1) | 1', () => {
  const statuses: number[] = [];
  const exit = new DebugExit(testEnv(), (status) => void statuses.push(status));
  regionWrite(exit.ports, 0, 1, 0);
  regionWrite(exit.ports, 0, 2, 0x31);
  expect(statuses).toEqual([1, 0x63]);
});

test('pvpanic tells its events and reports them', () => {
  const env = testEnv();
  const events: number[] = [];
  const pvpanic = new Pvpanic(env, (event) => void events.push(event));
  expect(regionRead(pvpanic.port, 0, 1)).toBe(3);
  for (const value of [1, 2, 3, 4]) regionWrite(pvpanic.port, 0, 1, value);
  expect(events).toEqual([PvpanicEvent.PANICKED, PvpanicEvent.CRASH_LOADED, PvpanicEvent.PANICKED]);
  expect(env.log.guestErrors).toEqual(['pvpanic: unknown event 4']);
});

deviceContract('debug console', { make: (env) => new DebugConsole('debugcon', env, { write() {} }), regions: (d) => [d.port], histories: 5 });
deviceContract('isa-debug-exit', { make: (env) => new DebugExit(env, () => {}), regions: (d) => [d.ports], histories: 5 });
deviceContract('pvpanic', { make: (env) => new Pvpanic(env, () => {}), regions: (d) => [d.port], histories: 5 });
