/** What a page needs before it can even start a worker. What the worker needs, it finds out itself (`worker/capabilities.ts`). */

/** One line for each thing that is missing. */
export function missingInPage(): string[] {
  if (typeof WebAssembly === 'undefined') {
    return ['This browser has no WebAssembly, or it is switched off (some "lockdown" and "strict" modes do that). Another browser, or another mode, can run this page.'];
  }
  if (location.protocol === 'file:') return ['This page was opened from a file, where browsers forbid workers. Serve its folder: npx serve .'];
  return [];
}
