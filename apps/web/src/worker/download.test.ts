import { afterEach, expect, test, vi } from 'vitest';
import type { Progress } from '../protocol.ts';
import { Downloads } from './download.ts';

afterEach(() => vi.unstubAllGlobals());

/** `Downloads` over a server that answers with these responses, and what it told of them. */
function served(...responses: Response[]): { downloads: Downloads; heard: (Progress | null)[]; trouble: string[] } {
  vi.stubGlobal('fetch', async () => responses.shift()!);
  const heard: (Progress | null)[] = [], trouble: string[] = [];
  return { downloads: new Downloads({ onProgress: (progress) => heard.push(progress), onTrouble: (message) => trouble.push(message) }), heard, trouble };
}

test('a file comes with its progress, and the bar goes away at the end', async () => {
  const { downloads, heard } = served(new Response('x'.repeat(1000), { headers: { 'content-length': '1000' } }));
  expect(await downloads.file('http://host/dir/kernel', 'the kernel')).toHaveLength(1000);
  expect(heard).toEqual([{ label: 'the kernel', loadedBytes: 0, totalBytes: undefined }, { label: 'the kernel', loadedBytes: 1000, totalBytes: 1000 }, null]);
  expect([downloads.bytes, downloads.active]).toEqual([1000, 0]);
});

test('a length of encoded bytes is no total, and the page of an error is no progress, however late it comes', async () => {
  const { downloads, heard } = served(new Response('x'.repeat(1000), { headers: { 'content-length': '10', 'content-encoding': 'gzip' } }), new Response('not here', { status: 404 }));
  await downloads.file('http://host/kernel', 'the kernel');
  expect(heard.slice(1)).toEqual([{ label: 'the kernel', loadedBytes: 1000, totalBytes: undefined }, null]);
  heard.length = 0;
  await expect(downloads.file('http://host/kernel', 'the kernel')).rejects.toMatchObject({ reason: 'missing', message: expect.stringContaining('404') });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard.at(-1)).toBeNull();
  expect(downloads.active).toBe(0);
});

test('a busy server is asked again, and that is said', async () => {
  const { downloads, trouble } = served(new Response('', { status: 503 }), new Response('kernel'));
  expect(await downloads.file('http://host/kernel', 'the kernel')).toHaveLength(6);
  expect(trouble).toEqual([expect.stringMatching(/503.*trying again \(1\)/)]);
});
