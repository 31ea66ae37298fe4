import { describe, expect, it } from 'vitest';
import { GuestError } from './errors.ts';
import { recipe } from './recipes.ts';
import { parseStart } from './start.ts';

describe('start options', () => {
  it('keep what is ours and pass the rest to the emulator in order', () => {
    const options = parseStart(['--run', 'uname -m', '-m', '1G', '--', '-d', 'int']);
    expect(options).toMatchObject({ run: 'uname -m', recipe: 'cloud', persist: null, extra: ['-m', '1G', '-d', 'int'] });
  });

  it('are one clear error when wrong', () => {
    expect(() => parseStart(['--run'])).toThrow(new GuestError('--run needs a value; see --help'));
    expect(() => parseStart(['--timeout', 'soon'])).toThrow('--timeout soon is no number of seconds');
    expect(() => recipe('gentoo')).toThrow('use one of cloud, full, i386, debian');
  });
});
