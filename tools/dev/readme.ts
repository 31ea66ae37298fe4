/** Runs the example of a package's README: its first `ts` code block, compared with the `text` block after it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ReadmeRun { /** What the README says the example prints. */ expected: string; /** What it printed. */ actual: string }

/** `packageUrl` is the package's folder: `new URL('..', import.meta.url)` from a test in `src/`. The example runs in that folder, on the
 *  sources, and may import the package by its own name. */
export function runReadme(packageUrl: URL): ReadmeRun {
  const readme = readFileSync(new URL('README.md', packageUrl), 'utf8');
  const match = /```ts\n([\s\S]*?)```[\s\S]*?```text\n([\s\S]*?)```/.exec(readme);
  if (!match) throw new Error(`${packageUrl.pathname}README.md needs a \`\`\`ts block followed by a \`\`\`text block with its output`);
  const args = ['--conditions=@emu/source', '--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', match[1]!];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: packageUrl, encoding: 'utf8' });
  return { expected: match[2]!, actual: stdout + stderr };
}
