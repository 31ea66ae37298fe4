/** A terminal that a test types on and looks at: a tmux server of its own, with one window of 80 x 24 that runs a shell. */
import { spawnSync } from 'node:child_process';

const PATIENCE_MS = 120_000;
const LOOK_AGAIN_MS = 100;
const PROMPT = 'host>';

export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

export class Tmux implements Disposable {
  readonly #socket = `emu-test-${process.pid}-${Math.random().toString(36).slice(2)}`;

  constructor() {
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '24', 'env', `PS1=${PROMPT} `, 'sh');
  }

  /** Keys as tmux names them (tmux(1), KEY BINDINGS): `C-a`, `Left`, `Enter`. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  /** Types a line. */
  enter(line: string): void {
    this.type(line);
    this.press('Enter');
  }

  /** What the terminal shows, without blank lines at the end. */
  get screen(): string {
    return this.#tmux('capture-pane', '-p').trimEnd();
  }

  /** Process id of what the window's shell runs, by a word of its command line. */
  pidOf(word: string): number {
    const shell = this.#tmux('display-message', '-p', '#{pane_pid}').trim();
    const children = spawnSync('ps', ['-o', 'pid=,args=', '--ppid', shell], { encoding: 'utf8' }).stdout.trim().split('\n');
    return Number.parseInt(children.find((line) => line.includes(word))!, 10);
  }

  async waitFor(pattern: RegExp | string): Promise<string> {
    for (const until = performance.now() + PATIENCE_MS; ;) {
      const { screen } = this;
      if (typeof pattern === 'string' ? screen.includes(pattern) : pattern.test(screen)) return screen;
      if (performance.now() > until) throw new Error(`the terminal does not show ${pattern}:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** Waits until the host's shell has the terminal again. */
  hostPrompt(): Promise<string> {
    return this.waitFor(/host>$/);
  }

  /** A digest of the terminal's settings, as stty(1) prints all of them. */
  async settings(): Promise<string> {
    this.enter('clear; stty -g | md5sum');
    return /^[0-9a-f]{32}/m.exec(await this.waitFor(/^[0-9a-f]{32} +-$/m))![0];
  }

  [Symbol.dispose](): void {
    this.#tmux('kill-server');
  }

  #tmux(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8', env: { ...process.env, TERM: 'screen', TMUX: '' } });
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}
