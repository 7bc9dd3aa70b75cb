import type { Browser, BrowserContext } from 'playwright-core';
import { expect, test } from 'vitest';
import { launch, openPage, type TestPage } from './helpers/browser.js';
import { beforeTests } from './helpers/file-setup.js';
import { startServer, type TestServer } from './helpers/server.js';
import type { Action, StoredRunOutput } from './modules/stored-run.js';
import type { Tampering } from './modules/tampered-worker.js';

let browser: Browser;
let server: TestServer;
/** Losses of the 120 steps of an undisturbed run. */
let whole: readonly number[];
beforeTests(async (afterTests) => {
  server = await startServer();
  afterTests(() => server.close());
  browser = await launch();
  afterTests(() => browser.close());
  const { page } = await freshPage();
  ({ losses: whole } = await perform(page, { do: 'whole', key: false }));
  await page.page.close();
  expect(whole).toHaveLength(120);
});

async function perform(
  page: TestPage,
  action: Action,
  ...without: readonly Tampering[]
): Promise<StoredRunOutput> {
  const [output] = await performAll(page, [action], without);
  if (output === undefined) throw new Error('nothing was done');
  return output;
}

/** Does things with the page's worker. */
function performAll(
  page: TestPage,
  actions: readonly Action[],
  without: readonly Tampering[] = [],
): Promise<StoredRunOutput[]> {
  return page.run<StoredRunOutput[]>('stored-run.ts', { actions, ...(without.length > 0 && { without }) });
}

/** A page with storage of its own. */
async function freshPage(): Promise<{ readonly page: TestPage; readonly context: BrowserContext }> {
  const context = await browser.newContext();
  return { context, page: await openPage(context, server) };
}

async function crash({ page }: TestPage): Promise<void> {
  const crashed = page.waitForEvent('crash');
  // It does not answer any more.
  page.goto('chrome://crash').catch(() => undefined);
  await crashed;
}

test.each<readonly [where: 'opfs' | 'indexeddb', end: string, without: readonly Tampering[]]>([
  ['opfs', 'a crash', []],
  ['indexeddb', 'a reload', ['opfs']],
])('in %s a run goes on exactly after %s of its tab', async (where, end, without) => {
  const { page: first, context } = await freshPage();
  const begun = await perform(first, { do: 'begin', steps: 10 }, ...without, 'stuck after ten steps');
  expect(begun.warnings).toEqual([]);
  expect(begun.stored).toMatchObject({ where, key: 'default', epochs: 3, finished: false });

  if (end === 'a crash') await crash(first);
  else await first.page.reload();
  const page = end === 'a crash' ? await openPage(context, server) : first;
  const [found, later, gone] = await performAll(
    page,
    [{ do: 'stored' }, { do: 'resume' }, { do: 'forget' }],
    without,
  );
  const step = found?.stored?.step ?? 0;
  expect(step).toBeGreaterThanOrEqual(10);
  expect(step).toBeLessThan(120);
  expect(found?.stored).toMatchObject({
    ...{ where, data: 'digits/train', taught: 0, finished: false },
    options: { seed: 5, batchSize: 16 },
  });
  expect(found?.stored?.losses).toEqual(whole.slice(0, step));

  expect(later?.firstStep).toBe(step + 1);
  expect(later?.losses).toEqual(whole.slice(step));
  expect(later?.stored).toMatchObject({ step: 120, epoch: 3, finished: true });
  expect(later?.stored?.testAccuracy).toBe(later?.stored?.history[2]?.testAccuracy);
  expect(gone?.stored).toBeUndefined();
  expect(page.errors).toEqual([]);
});

test('a second tab under the same name says so, until the first is closed', async () => {
  const { page, context } = await freshPage();
  await perform(page, { do: 'hold', steps: 10 });
  const second = await openPage(context, server);
  const [same, look] = await performAll(second, [{ do: 'whole' }, { do: 'stored' }]);
  expect(same?.error).toBe(
    "StorageError: checkpoint 'default': another page or worker trains under this name; close it, or take another checkpointKey",
  );
  expect(look?.stored).toMatchObject({ key: 'default', finished: false });

  await page.page.close();
  const { losses, firstStep } = await perform(second, { do: 'resume' });
  expect(firstStep).toBeGreaterThan(10);
  expect(losses).toEqual(whole.slice(firstStep - 1));
});

test('where storage is full the run goes on and says so; what was stored stays', async () => {
  const { page, context } = await freshPage();
  const { stored } = await perform(page, { do: 'hold', steps: 10 });
  const client = await context.newCDPSession(page.page);
  const { origin } = new URL(server.url);
  await client.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1000 });
  const full = await perform(page, { do: 'release' });
  expect(full.losses).toEqual(whole);
  expect(full.warnings).toEqual([
    expect.stringMatching(
      /^this run cannot be stored at present, it goes on without: writing checkpoint 'default' \(\d\.\d MB\) failed: the browser allows this site no more space/,
    ),
  ]);
  expect(full.stored?.step).toBe(stored?.step);
  await client.send('Storage.overrideQuotaForOrigin', { origin });
  expect((await perform(page, { do: 'resume' })).stored).toMatchObject({ step: 120, finished: true });
});

test('where storage is refused the run goes on and says so; a stored one cannot be had', async () => {
  const { page } = await freshPage();
  const [run, ...others] = await performAll(
    page,
    [{ do: 'whole' }, { do: 'resume' }, { do: 'stored' }, { do: 'forget' }],
    ['storage'],
  );
  expect(run?.losses).toEqual(whole);
  const refused =
    'the browser does not allow this page to store anything: neither its file system nor IndexedDB';
  expect(run?.warnings).toEqual([expect.stringContaining(`this run is not stored: ${refused}`)]);
  expect(others).toHaveLength(3);
  for (const { error } of others) expect(error).toContain(`StorageError: ${refused}`);
});

test('a browser without locks says that two tabs must not train', async () => {
  const { page } = await freshPage();
  const { losses, warnings, stored } = await perform(page, { do: 'whole' }, 'locks');
  expect(losses).toEqual(whole);
  expect(stored?.finished).toBe(true);
  expect(warnings).toEqual([expect.stringContaining('do not train in two tabs at a time')]);
});

test('what is stored but damaged is an error that says how to go on', async () => {
  const { page } = await freshPage();
  await perform(page, { do: 'whole' });
  await page.page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('ort-train-checkpoints');
    for (const slot of ['default.a', 'default.b']) {
      const file = await folder.getFileHandle(slot);
      const writer = await file.createWritable({ keepExistingData: true });
      await writer.write({ type: 'write', position: 5000, data: new Uint8Array(16) });
      await writer.close();
    }
  });
  const [damaged, gone] = await performAll(page, [{ do: 'resume' }, { do: 'forget' }]);
  expect(damaged?.error).toMatch(
    /^StorageError: checkpoint 'default' in the browser's storage is damaged: .*; remove it$/,
  );
  expect(gone?.stored).toBeUndefined();
});
