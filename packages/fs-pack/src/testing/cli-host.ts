/** A process for the command line in tests: remembers what was written. */
import { Writable } from 'node:stream';
import type { CliHost } from '../cli-run.ts';

export function cliHost(): CliHost & { text(): string; bytes(): Uint8Array; errors(): string } {
  const out: Uint8Array[] = [];
  const errors: string[] = [];
  const stdout = new Writable({
    write(chunk: Uint8Array | string, _encoding, done) {
      out.push(Buffer.from(chunk as Uint8Array));
      done();
    },
  });
  const bytes = () => Buffer.concat(out);
  return { stdout, stderr: { write: (text: string) => errors.push(text) }, text: () => bytes().toString(), bytes, errors: () => errors.join('') };
}
