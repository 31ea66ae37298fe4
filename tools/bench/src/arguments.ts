/** Options of the benchmark commands: `--name value` and `--switch`, refused when unknown. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { BenchError } from './errors.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** @throws BenchError with the usage when an option is unknown or lacks its value. */
export function parseOptions<T extends Options>(options: T, usage: string, argv = process.argv.slice(2)) {
  try {
    return parseArgs({ args: argv.filter((arg) => arg !== '--'), options, allowPositionals: false }).values;
  } catch (error) {
    throw new BenchError(`${(error as Error).message}\n${usage}`);
  }
}

/** `a,b,c` as a list of names from `all`. */
export function names<T extends string>(list: string, all: readonly T[], what: string): T[] {
  const wanted = list.split(',').filter(Boolean);
  const unknown = wanted.filter((name) => !(all as readonly string[]).includes(name));
  if (unknown.length > 0) throw new BenchError(`There is no ${what} ${unknown.join(', ')}; there are ${all.join(', ')}`);
  return wanted as T[];
}

/** Runs a command's body; a BenchError becomes one message and exit status 1. */
export async function command(body: () => Promise<void>): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Error) || !['BenchError', 'GuestError'].includes(error.name)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
