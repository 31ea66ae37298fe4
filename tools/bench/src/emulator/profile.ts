/** Where the first thread's time goes: V8's sampling profiler over a stretch of a run, its samples sorted into the emulator's parts. */
import { Session, type Profiler } from 'node:inspector/promises';

export const PHASES = ['interpret', 'compiled', 'helpers', 'devices', 'engine', 'translate', 'emit', 'collect', 'other'] as const;
/**
 * interpret: the interpreter's loop. compiled: code of the region compiler, its runtime, and helpers in Wasm. helpers: instructions and memory slow paths
 * in JavaScript. devices: devices and the machine's loop. engine: finding and linking translations. translate: guest code to IR to
 * bytecode. emit: regions, on this thread. collect: the garbage collector on this thread. other: Node, start-up, V8's compiler on this thread.
 */
export type Phase = (typeof PHASES)[number];

export interface Profile {
  /** Ms by phase; idle time and the profiler's own are in none. */
  readonly ms: Readonly<Record<Phase, number>>;
  /** The functions with the most time of their own, in ms. */
  readonly top: readonly (readonly [string, number])[];
}

const INTERVAL_US = 400;
const TOP = 12;

export class ProfileSession {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    await this.#session.post('Profiler.start');
  }

  async stop(): Promise<Profile> {
    const { profile } = await this.#session.post('Profiler.stop');
    this.#session.disconnect();
    return classify(profile);
  }
}

export function classify({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Profile {
  const parents = new Map<number, Profiler.ProfileNode>(), self = new Map<number, number>();
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node);
  samples.forEach((id, i) => self.set(id, (self.get(id) ?? 0) + timeDeltas[i]! / 1000));
  const ms = Object.fromEntries(PHASES.map((phase) => [phase, 0])) as Record<Phase, number>, functions = new Map<string, number>();
  for (const node of nodes) {
    const own = self.get(node.id);
    if (own === undefined || node.callFrame.functionName === '(idle)') continue;
    const stack = [node.callFrame];
    for (let up = parents.get(node.id); up; up = parents.get(up.id)) stack.push(up.callFrame);
    if (stack.some(({ url }) => url.startsWith('node:inspector'))) continue; // the profiler itself
    ms[phaseOf(stack)] += own;
    const name = `${node.callFrame.functionName || '(anonymous)'} ${place(node.callFrame.url)}`.trim();
    functions.set(name, (functions.get(name) ?? 0) + own);
  }
  return { ms, top: [...functions].sort(([, a], [, b]) => b - a).slice(0, TOP) };
}

/** Files, or functions in them, below which everything is translation. */
const TRANSLATION: readonly (readonly [string, string?])[] = [
  ['/machine/src/slice-guest.ts', 'translate'], ['/tcg/src/translator-loop.ts'], ['/tcg/src/optimiser/'], ['/tci/src/encode.ts'], ['/tci/src/tci.ts', 'generate'],
];

const place = (url: string): string => url.replace(/^.*\/packages\//, '').replace(/^.*\/node_modules\//, '');

/** @param stack from the running function outwards. */
function phaseOf(stack: readonly { readonly functionName: string; readonly url: string }[]): Phase {
  const { functionName, url } = stack[0]!;
  const within = (part: string, name?: string): boolean => stack.some((frame) => frame.url.includes(part) && (name === undefined || frame.functionName === name));
  if (functionName === '(garbage collector)') return 'collect';
  if (within('/jit/src/')) return 'emit';
  if (TRANSLATION.some(([part, name]) => within(part, name))) return 'translate';
  if (url.startsWith('wasm://wasm/tci-')) return 'interpret';
  if (url.startsWith('wasm:')) return 'compiled';
  for (const frame of stack) {
    if (frame.url.startsWith('wasm:')) return 'helpers';
    if (/\/(devices|machine)\/src\//.test(frame.url)) return 'devices';
    if (/\/(x86|softmmu)\/src\//.test(frame.url)) return 'helpers';
    if (/\/(tcg|tci)\/src\//.test(frame.url)) return 'engine';
  }
  return 'other';
}
