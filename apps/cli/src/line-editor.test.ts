import { describe, expect, it } from 'vitest';
import { LineEditor } from './line-editor.ts';

/** What a terminal of one long line shows after these bytes, and where its cursor is. */
function shown(bytes: string): { text: string; cursor: number } {
  const cells: string[] = [];
  let at = 0;
  for (const c of bytes.slice(bytes.lastIndexOf('\n') + 1)) {
    if (c === '\b') at--;
    else cells[at++] = c;
  }
  return { text: cells.join('').trimEnd(), cursor: at };
}

function editor() {
  const lines: string[] = [];
  let bytes = '';
  const line = new LineEditor('> ', (text) => { bytes += text; }, (text) => lines.push(text));
  line.show();
  return { lines, type: (keys: string) => { line.type(Buffer.from(keys)); return shown(bytes); } };
}

describe('a line on a terminal', () => {
  it.each([
    ['abc', 'abc', 3], ['abc\x7f', 'ab', 2], ['abc\b\b\b\b', '', 0], ['one two\x17', 'one', 4], ['one\x15', '', 0], ['one\x03', '', 0],
    ['ac\x1b[Db', 'abc', 2], ['bc\x1b[Ha', 'abc', 1], ['bc\x1bOHa', 'abc', 1], ['ab\x1b[D\x1b[D\x1b[C\x1b[3~', 'a', 1], ['abc\x1b[D\x1b[D\x0b', 'a', 1],
    ['b\x1b[D\x1b[Da\x1b[Fc\x1b[C', 'abc', 3], ['bc\x1b[1~a\x05d', 'abcd', 4], ['abc\x1b[D\x15', 'c', 0], ['a\x1b[200~b\x1b[1;5Cc\x1bxd', 'abcd', 4], ['a\t\x00b', 'ab', 2],
  ])('%j shows %j with the cursor at %d', (keys, text, cursor) => {
    const { type, lines } = editor();
    expect(type(keys)).toEqual({ text: `> ${text}`.trimEnd(), cursor: cursor + 2 });
    type('\r');
    expect(lines.map((line) => line.trimEnd())).toEqual([text]);
  });

  it('the lines before it come back, and what was being typed behind them', () => {
    const { type, lines } = editor();
    type('one\rtwo\rtwo\r\r');
    expect(type('thr\x1b[A').text).toBe('> two');
    expect(type('\x1b[A').text).toBe('> one');
    expect(type('\x1b[A').text).toBe('> one');
    expect(type('\x1b[B\x1b[B').text).toBe('> thr');
    expect(type('\x1b[B').text).toBe('> thr');
    type('\x1b[A\x1b[A!\r');
    expect(lines).toEqual(['one', 'two', 'two', '', 'one!']);
  });
});
