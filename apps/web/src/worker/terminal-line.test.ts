import { expect, test } from 'vitest';
import { TerminalLine } from './terminal-line.ts';

test('a page that falls behind is noticed once, and again when it has caught up', () => {
  const behind: boolean[] = [];
  let sent = 0;
  const line = new TerminalLine({ onOutput: (bytes) => { sent += bytes.length; }, onBehind: (is) => behind.push(is) });
  for (let i = 0; i < 40; i++) line.write(new Uint8Array(16 * 1024));
  expect(sent).toBe(640 * 1024);
  expect(behind).toEqual([true]);
  line.shown(500 * 1024);
  expect(line.behind).toBe(true); // 140 KiB are still unshown
  line.shown(100 * 1024);
  expect(behind).toEqual([true, false]);
});

test('input reaches whoever listens, and nobody after the end', () => {
  const line = new TerminalLine({ onOutput() {}, onBehind() {} });
  const heard: number[] = [];
  line.onInput((bytes) => heard.push(...bytes));
  line.input(Uint8Array.of(1, 2));
  line.close();
  line.input(Uint8Array.of(3));
  expect(heard).toEqual([1, 2]);
});
