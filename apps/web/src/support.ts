/** What a page needs before it can even start a worker. What the worker needs, it finds out itself (`worker/capabilities.ts`). */

/** The first with WebAssembly's tail calls, which came after everything else that is needed. */
export const WANTED_BROWSERS = 'Use Chrome or Edge 112, Firefox 121, Safari 18.2, or anything newer.';

/** One line for each thing that is missing. */
export function missingInPage(): string[] {
  if (typeof WebAssembly === 'undefined') {
    return ['This browser has no WebAssembly, or it is switched off (some "lockdown" and "strict" modes do that). Another browser, or another mode, can run this page.'];
  }
  if (location.protocol === 'file:') return ['This page was opened from a file, where browsers forbid workers. Serve its folder: npx serve .'];
  return [];
}

/** Why the worker could not be loaded, where it is the browser's fault: one without module workers never looks at their type, and cannot load one
 *  from another origin. */
export function whyNoWorker(): string | undefined {
  let asked = false;
  const options = {
    get type(): WorkerType {
      asked = true;
      return 'module';
    },
  };
  try {
    new Worker(URL.createObjectURL(new Blob([])), options).terminate();
  } catch {
    // forbidden by a policy; it has asked before
  }
  return asked ? undefined : `This browser has no module workers, which a machine from another site needs. ${WANTED_BROWSERS}`;
}
