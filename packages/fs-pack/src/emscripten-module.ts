/** Plays the part of an Emscripten program towards loader scripts: a page that includes `load.js` and fills `Module` works
 *  unchanged, and its files end up in a `PackFs`. Works with scripts of `file_packager.py` and with ours. */
import { messageOf, PackError } from './errors.ts';
import { BytesFile, PackFs } from './pack-fs.ts';

type Hook = (module: EmscriptenModule) => void;

/** What loader scripts use of `Module`; the page's own settings stay as they are. */
export interface EmscriptenModule {
  preRun?: Hook[] | Hook;
  calledRun?: boolean;
  setStatus?: (text: string) => void;
  monitorRunDependencies?: (left: number) => void;
  FS_createPath?: (parent: string, path: string, canRead?: boolean, canWrite?: boolean) => string;
  FS_createDataFile?: (parent: string, name: string | null, data: Uint8Array | string, ...rest: unknown[]) => void;
  FS_createPreloadedFile?: (
    parent: string, name: string | null, data: Uint8Array, canRead: boolean, canWrite: boolean, onload?: () => void, ...rest: unknown[]
  ) => void;
  FS_unlink?: (path: string) => void;
  addRunDependency?: (id: string) => void;
  removeRunDependency?: (id: string) => void;
  [key: string]: unknown;
}

export interface ModuleFilesOptions {
  /** Gives up after this long without progress, naming what is missing; default never. A script that fails only logs. */
  readonly stallMs?: number;
}

/** Runs the `preRun` hooks that loader scripts have left in `module`, waits for their files and returns them. */
export async function filesOfModule(module: EmscriptenModule, options: ModuleFilesOptions = {}): Promise<PackFs> {
  const files = new Map<string, Uint8Array>();
  const waiting = new Set<string>();
  let progress: () => void = () => {};
  install(module, files, waiting, () => progress());
  for (;;) {
    const hooks = takeHooks(module);
    for (const hook of hooks) runHook(hook, module);
    if (waiting.size > 0) await settles(waiting, options.stallMs, (changed) => { progress = changed; });
    else if (hooks.length === 0) break;
  }
  return new PackFs([...files].map(([path, bytes]) => new BytesFile(path, bytes)));
}

function install(module: EmscriptenModule, files: Map<string, Uint8Array>, waiting: Set<string>, changed: () => void): void {
  const put = (parent: string, name: string | null, data: Uint8Array | string) => {
    const path = normalise(name === null || name === undefined ? parent : `${parent}/${name}`);
    const bytes = typeof data === 'string' ? Uint8Array.from(data, (c) => c.charCodeAt(0)) : data;
    if (files.has(path)) throw new PackError('path', `two packs bring a file '${path}'; remove one`);
    files.set(path, bytes);
    changed();
  };
  module.FS_createPath = (parent, path) => `/${normalise(`${parent}/${path}`)}`;
  module.FS_createDataFile = put;
  module.FS_createPreloadedFile = (parent, name, data, _canRead, _canWrite, onload) => {
    put(parent, name, data);
    onload?.();
  };
  module.FS_unlink = (path) => { files.delete(normalise(path)); };
  module.addRunDependency = (id) => {
    waiting.add(id);
    module.monitorRunDependencies?.(waiting.size);
  };
  module.removeRunDependency = (id) => {
    waiting.delete(id);
    module.monitorRunDependencies?.(waiting.size);
    changed();
  };
}

function takeHooks(module: EmscriptenModule): Hook[] {
  const { preRun } = module;
  if (typeof preRun === 'function') {
    module.preRun = [];
    return [preRun];
  }
  return preRun?.splice(0) ?? [];
}

function runHook(hook: Hook, module: EmscriptenModule): void {
  try {
    hook(module);
  } catch (error) {
    if (error instanceof PackError) throw error;
    throw new PackError('format', `a preRun hook of the page failed: ${messageOf(error)}`, { cause: error });
  }
}

/** Resolves when nothing is awaited any more. */
function settles(waiting: Set<string>, stallMs: number | undefined, onChange: (changed: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stalled = () => reject(new PackError(
      'network', `still waiting for ${[...waiting].slice(0, 5).join(', ')} after ${stallMs} ms; look at the console and reload`,
    ));
    const check = () => {
      clearTimeout(timer);
      if (waiting.size === 0) resolve();
      else if (stallMs !== undefined) timer = setTimeout(stalled, stallMs);
    };
    onChange(check);
    check();
  });
}

/** Without leading or doubled slashes; `.` and `..` are refused later, by `PackFs`. */
function normalise(path: string): string {
  return path.split('/').filter((part) => part !== '').join('/');
}
