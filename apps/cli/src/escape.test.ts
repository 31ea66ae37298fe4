import { describe, expect, it } from 'vitest';
import { EscapeFilter } from './escape.ts';

function filter() {
  const heard: string[] = [];
  const f = new EscapeFilter({
    pass: (bytes) => heard.push(Buffer.from(bytes).toString('latin1')), quit: () => heard.push('<quit>'), toggleMonitor: () => heard.push('<monitor>'),
    help: () => heard.push('<help>'), sendBreak: () => heard.push('<break>'),
  });
  return { heard, type: (text: string) => f.receive(Buffer.from(text, 'latin1')) };
}

describe('Ctrl-A in the terminal (QEMU, "Keys in the character backend multiplexer")', () => {
  it.each([['\x01x', '<quit>'], ['\x01c', '<monitor>'], ['\x01h', '<help>'], ['\x01?', '<help>'], ['\x01b', '<break>'], ['\x01\x01', '\x01'], ['\x01z', '']])('%j', (keys, expected) => {
    const { heard, type } = filter();
    type(keys);
    expect(heard.join('')).toBe(expected);
  });

  it('leaves everything else alone, Ctrl-C and bytes above 127 too', () => {
    const { heard, type } = filter();
    type('ls\r\x03\xe4');
    expect(heard).toEqual(['ls\r\x03\xe4']);
  });

  it('works in the middle of input and across pieces', () => {
    const { heard, type } = filter();
    type('ab\x01');
    type('ccd');
    expect(heard).toEqual(['ab', '<monitor>', 'cd']);
  });
});
