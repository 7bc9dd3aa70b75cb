import { createHash } from 'node:crypto';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { defaultCacheDir, downloadSet, loadKnownSet } from '../../src/data/download-node.js';
import { idxFileNames, idxRoles } from '../../src/data/idx-files.js';
import type { KnownName, KnownSet } from '../../src/data/known-sets.js';
import { AbortedError, IoError, OfflineError, OptionError } from '../../src/errors.js';
import { smallFiles, tempFolder } from './helpers.js';
import { cutAfter, serve, startMirror, type Handler } from './server.js';
// The images file is made long, so that a connection can be cut in its middle.
const contents = { ...smallFiles(), 'train-images': noise(50_000) };
const names = idxRoles.map((role) => idxFileNames(role)[0]);
const files = Object.fromEntries(
  idxRoles.map((role) => [idxFileNames(role)[0], Uint8Array.from(gzipSync(contents[role]))]),
);
const first = names[0] ?? '';
const firstFile = files[first] ?? new Uint8Array(0);

/** Bytes that gzip cannot shorten. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function knownSetAt(...mirrors: readonly string[]): KnownSet {
  const digests = (role: (typeof idxRoles)[number]): KnownSet['digests'][typeof role] => [
    { algorithm: 'sha256', of: 'content', hex: sha256(contents[role]) },
  ];
  return {
    name: 'small',
    source: 'http://example.org/',
    classes: Array.from('0123456789'),
    counts: { train: 5, test: 3 },
    mirrors,
    digests: {
      'train-images': digests('train-images'),
      'train-labels': digests('train-labels'),
      't10k-images': digests('t10k-images'),
      't10k-labels': digests('t10k-labels'),
    },
  };
}

/** As another handler, but for the first file of the set. */
const butFirst =
  (other: Handler, handler: Handler = serve(files)): Handler =>
  (request, response) => {
    (request.url === `/${first}` ? other : handler)(request, response);
  };

async function expectGenuine(folder: string): Promise<void> {
  expect((await readdir(folder)).sort()).toEqual([...names].sort());
  for (const name of names)
    expect((await readFile(join(folder, name))).equals(files[name] ?? Buffer.of())).toBe(true);
}

describe('downloadSet', () => {
  it('fetches the four files, and tells how far it is', async () => {
    const [cacheDir, mirror] = [await tempFolder(), await startMirror(serve(files))];
    const last = new Map<string, readonly (number | undefined)[]>();
    const folder = await downloadSet(knownSetAt(mirror.url), {
      cacheDir,
      onProgress: ({ file, received, total }) => last.set(file, [received, total]),
    });
    expect(folder).toBe(join(cacheDir, 'small'));
    await expectGenuine(folder);
    expect(mirror.requests).toEqual(names.map((name) => `/${name}`));
    for (const name of names) expect(last.get(name)).toEqual([files[name]?.length, files[name]?.length]);
  });

  it('asks for nothing that is in the cache', async () => {
    const [cacheDir, mirror] = [await tempFolder(), await startMirror(serve(files))];
    await downloadSet(knownSetAt(mirror.url), { cacheDir });
    await downloadSet(knownSetAt(mirror.url), { cacheDir });
    expect(mirror.requests).toHaveLength(4);
    // Without any network, too.
    await expectGenuine(await downloadSet(knownSetAt(), { cacheDir }));
  });

  it('fetches again what is damaged in the cache, and only that', async () => {
    const [cacheDir, mirror] = [await tempFolder(), await startMirror(serve(files))];
    const folder = await downloadSet(knownSetAt(mirror.url), { cacheDir });
    await writeFile(join(folder, names[1] ?? ''), 'half a fi');
    await writeFile(join(folder, names[2] ?? ''), files[names[3] ?? ''] ?? '');
    await downloadSet(knownSetAt(mirror.url), { cacheDir });
    await expectGenuine(folder);
    expect(mirror.requests.slice(4)).toEqual([`/${names[1] ?? ''}`, `/${names[2] ?? ''}`]);
  });

  it('goes to the next mirror on 404, and stays there', async () => {
    const [cacheDir, bad, good] = [
      await tempFolder(),
      await startMirror(serve({})),
      await startMirror(serve(files)),
    ];
    await expectGenuine(await downloadSet(knownSetAt(bad.url, good.url), { cacheDir }));
    expect([bad.requests.length, good.requests.length]).toEqual([1, 4]);
  });

  it('goes to the next mirror when the digest is wrong, and keeps nothing of the wrong file', async () => {
    const wrong = await startMirror(serve({ ...files, [first]: gzipSync('something else') }));
    const good = await startMirror(serve(files));
    const folder = await downloadSet(knownSetAt(wrong.url, good.url), { cacheDir: await tempFolder() });
    await expectGenuine(folder);
    expect(good.requests).toContain(`/${first}`);
  });

  it('goes to the next mirror when nobody answers there', async () => {
    const good = await startMirror(serve(files));
    await expectGenuine(
      await downloadSet(knownSetAt('http://127.0.0.1:1/', good.url), { cacheDir: await tempFolder() }),
    );
  });

  it('starts anew when the connection is cut and the mirror does no ranges', async () => {
    let cuts = 0;
    const cutting = cutAfter(20_000, firstFile);
    const mirror = await startMirror(
      butFirst((request, response) => {
        (cuts++ === 0 ? cutting : serve(files))(request, response);
      }),
    );
    const { onProgress } = cutting;
    await expectGenuine(
      await downloadSet(knownSetAt(mirror.url), { cacheDir: await tempFolder(), onProgress }),
    );
    expect(mirror.requests[1]).toMatch(/ bytes=\d+-$/);
  });

  it('goes on where the connection was cut when the mirror does ranges', async () => {
    const cutting = cutAfter(20_000, firstFile);
    const cut = await startMirror(butFirst(cutting));
    const ranges = await startMirror(serve(files, true));
    const folder = await downloadSet(knownSetAt(cut.url, ranges.url), {
      cacheDir: await tempFolder(),
      onProgress: cutting.onProgress,
    });
    await expectGenuine(folder);
    expect(ranges.requests[0]).toMatch(/ bytes=\d+-$/);
  });

  it('gives a silent mirror up', async () => {
    const silent = await startMirror(() => undefined);
    const good = await startMirror(serve(files));
    // The limit is the silent one's alone: the other may be as slow as the machine is.
    const fetch: typeof globalThis.fetch = (url, init) =>
      new Request(url).url.startsWith(silent.url) ? globalThis.fetch(url, init) : globalThis.fetch(url);
    await expectGenuine(
      await downloadSet(knownSetAt(silent.url, good.url), {
        ...{ cacheDir: await tempFolder(), timeoutMs: 200, fetch },
      }),
    );
    expect(silent.requests).toHaveLength(1);
  });

  it('lists each mirror with its reason, and says what to do by hand', async () => {
    const cutting = cutAfter(20_000, firstFile);
    const [cacheDir, missing, wrong, cut] = [
      await tempFolder(),
      await startMirror(serve({})),
      await startMirror(serve({ [first]: gzipSync('something else') })),
      await startMirror(cutting),
    ];
    const { onProgress } = cutting;
    const set = knownSetAt(missing.url, wrong.url, 'http://127.0.0.1:1', cut.url);
    const error: unknown = await downloadSet(set, { cacheDir, onProgress }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(OfflineError);
    const lines = (error as OfflineError).message.split('\n');
    expect(lines[0]).toBe(`${first} could not be downloaded:`);
    expect(lines[1]).toBe(`  ${missing.url}${first}: HTTP 404 Not Found`);
    expect(lines[2]).toMatch(/: expected sha256 [0-9a-f]{64} of the content, got [0-9a-f]{64}$/);
    expect(lines[3]).toMatch(new RegExp(`^ {2}http://127\\.0\\.0\\.1:1/${first}: .*(ECONNREFUSED|bad port)`));
    expect(lines[4]).toContain(`  ${cut.url}${first}: `);
    expect(lines[5]).toContain(join(cacheDir, 'small'));
    expect(lines.slice(6)).toEqual(names.map((name) => `  ${name}`));
    // What came of the cut file waits for the next try under a name that never counts as the file.
    expect(await readdir(join(cacheDir, 'small'))).toEqual([`${first}.part`]);
  });

  it('takes files that were put there by hand, plain ones too', async () => {
    const cacheDir = await tempFolder();
    await downloadSet(knownSetAt((await startMirror(serve(files))).url), { cacheDir });
    const byHand = await tempFolder();
    await downloadSet(knownSetAt(), { cacheDir: byHand }).catch(() => undefined);
    for (const role of idxRoles)
      await writeFile(join(byHand, 'small', idxFileNames(role)[2]), contents[role]);
    expect(await downloadSet(knownSetAt(), { cacheDir: byHand })).toBe(join(byHand, 'small'));
  });

  it('takes mirrors and a fetch of the caller', async () => {
    const asked: string[] = [];
    const fetch = ((url: string) => {
      asked.push(url);
      return Promise.resolve(new Response(files[url.slice('x://y/'.length)]));
    }) as typeof globalThis.fetch;
    const options = { cacheDir: await tempFolder(), mirrors: ['x://y'], fetch };
    await expectGenuine(await downloadSet(knownSetAt('http://127.0.0.1:1/'), options));
    expect(asked).toEqual(names.map((name) => `x://y/${name}`));
  });
});

describe('temporary files', () => {
  it('of a process that died never count, and are used up', async () => {
    const [cacheDir, mirror] = [await tempFolder(), await startMirror(serve(files, true))];
    await downloadSet(knownSetAt(), { cacheDir }).catch(() => undefined);
    const left = join(cacheDir, 'small', `${first}.6ddb5a3e-dead.part`);
    await writeFile(left, firstFile.subarray(0, 30_000));
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(left, longAgo, longAgo);
    await expectGenuine(await downloadSet(knownSetAt(mirror.url), { cacheDir }));
    expect(mirror.requests[0]).toBe(`/${first} bytes=30000-`);
  });

  it('with wrong bytes are thrown away', async () => {
    const [cacheDir, mirror] = [await tempFolder(), await startMirror(serve(files, true))];
    await downloadSet(knownSetAt(), { cacheDir }).catch(() => undefined);
    await writeFile(join(cacheDir, 'small', `${first}.part`), noise(firstFile.length + 10));
    await expectGenuine(await downloadSet(knownSetAt(mirror.url), { cacheDir }));
    await writeFile(
      join(cacheDir, 'small', `${first}.part`),
      firstFile.map((byte) => byte ^ 1),
    );
    await writeFile(join(cacheDir, 'small', first), 'damaged');
    await expectGenuine(await downloadSet(knownSetAt(mirror.url), { cacheDir }));
  });

  it('of a download in progress are left alone', async () => {
    const [cacheDir, mirror] = [await tempFolder(), await startMirror(serve(files, true))];
    await downloadSet(knownSetAt(), { cacheDir }).catch(() => undefined);
    const used = join(cacheDir, 'small', `${first}.6ddb5a3e-busy.part`);
    await writeFile(used, firstFile.subarray(0, 30_000));
    await downloadSet(knownSetAt(mirror.url), { cacheDir });
    expect(mirror.requests[0]).toBe(`/${first}`);
    expect((await stat(used)).size).toBe(30_000);
  });

  it('do not disturb one another when several download at once', async () => {
    const [cacheDir, mirror] = [await tempFolder(), await startMirror(serve(files, true))];
    const downloads = Array.from({ length: 4 }, () => downloadSet(knownSetAt(mirror.url), { cacheDir }));
    const [folder = ''] = await Promise.all(downloads);
    await expectGenuine(folder);
  });
});

describe('a download stops', () => {
  it('when told to, and the next one goes on', async () => {
    const cacheDir = await tempFolder();
    const controller = new AbortController();
    // Half the file comes, then silence.
    const slow = await startMirror((_, response) => {
      response.writeHead(200, { 'content-length': firstFile.length });
      response.write(firstFile.subarray(0, 20_000));
    });
    const stopped = downloadSet(knownSetAt(slow.url), {
      cacheDir,
      signal: controller.signal,
      onProgress: () => {
        controller.abort();
      },
    });
    await expect(stopped).rejects.toThrow(AbortedError);
    const good = await startMirror(serve(files, true));
    await expectGenuine(await downloadSet(knownSetAt(good.url), { cacheDir }));
    expect(good.requests[0]).toMatch(/ bytes=\d+-$/);
  });

  it('before it begins, with a signal that was given before', async () => {
    const mirror = await startMirror(serve(files));
    const options = { cacheDir: await tempFolder(), signal: AbortSignal.abort() };
    await expect(downloadSet(knownSetAt(mirror.url), options)).rejects.toThrow(AbortedError);
    expect(mirror.requests).toEqual([]);
  });

  it('when the folder cannot be made', async () => {
    const file = join(await tempFolder(), 'file');
    await writeFile(file, '');
    await expect(downloadSet(knownSetAt(), { cacheDir: file })).rejects.toThrow(IoError);
    await expect(downloadSet(knownSetAt(), { cacheDir: file })).rejects.toThrow(
      /small: cannot make the folder: /,
    );
  });

  it('when nobody knows the set', async () => {
    await expect(loadKnownSet('cifar' as KnownName)).rejects.toThrow(OptionError);
    await expect(loadKnownSet('cifar' as KnownName)).rejects.toThrow(
      'expected one of mnist, fashion-mnist, cifar10, cifar100, got cifar',
    );
  });
});

describe('defaultCacheDir', () => {
  it('depends on the system only, and not on ORT_TRAIN_CACHE', () => {
    const before = process.env['ORT_TRAIN_CACHE'];
    process.env['ORT_TRAIN_CACHE'] = '/somewhere/else';
    try {
      expect(defaultCacheDir()).toContain('ort-train');
      expect(defaultCacheDir()).not.toContain('somewhere');
      if (process.platform === 'linux' && process.env['XDG_CACHE_HOME'] === undefined) {
        expect(defaultCacheDir()).toBe(join(homedir(), '.cache', 'ort-train', 'data'));
      }
    } finally {
      if (before === undefined) delete process.env['ORT_TRAIN_CACHE'];
      else process.env['ORT_TRAIN_CACHE'] = before;
    }
  });
});
