import { expect, test } from 'vitest';
import { TerminalLine } from './terminal-line.ts';

test('a page that falls behind is noticed once, and again when it has caught up', () => {
  const behind: boolean[] = [];
  let sent = 0;
  const line = new TerminalLine({ onOutput: (bytes) => { sent += bytes.length; }, onBehind: (is) => behind.push(is) });
  for (let i = 0; i < 40; i++) line.write(new Uint8Array(16 * 1024));
  line.flush();
  expect(sent).toBe(640 * 1024);
  expect(behind).toEqual([true]);
  line.shown(620 * 1024);
  expect(line.behind).toBe(true); // 20 KiB are still unshown
  line.shown(10 * 1024);
  expect(behind).toEqual([true, false]);
  line.dispose();
});

test('what is printed in small pieces between two turns of the event loop is handed over at once, in order', async () => {
  const handed: string[] = [];
  const line = new TerminalLine({ onOutput: (bytes) => handed.push(String.fromCharCode(...bytes)), onBehind() {} });
  for (const c of 'in small pieces') line.write(Uint8Array.of(c.charCodeAt(0)));
  expect(handed).toEqual([]);
  await expect.poll(() => handed).toEqual(['in small pieces']);
  line.write(new Uint8Array(40_000).fill(0x61)); // larger than what is gathered
  line.write(Uint8Array.of(0x62));
  line.flush();
  expect(handed.slice(1).map((text) => text.length)).toEqual([...Array<number>(9).fill(4096), 40_000 - 9 * 4096, 1]);
  line.dispose();
});

test('input reaches whoever listens, and nobody after the end', () => {
  const line = new TerminalLine({ onOutput() {}, onBehind() {} });
  const heard: number[] = [];
  const end = line.connect();
  end.onInput!((bytes) => heard.push(...bytes));
  line.input(Uint8Array.of(1, 2));
  end.close!();
  line.input(Uint8Array.of(3));
  expect(heard).toEqual([1, 2]);
  line.dispose();
});

test('a machine that was given up while it loaded takes nothing from the next', () => {
  const line = new TerminalLine({ onOutput() {}, onBehind() {} });
  const heard: string[] = [];
  const [first, second] = [line.connect(), line.connect()];
  second.onInput!(() => heard.push('second'));
  first.onInput!(() => heard.push('first'));
  first.close!();
  line.input(Uint8Array.of(1));
  expect(heard).toEqual(['second']);
  line.dispose();
});
