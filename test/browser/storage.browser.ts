import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, openPage, type TestPage } from './helpers/browser.js';
import { startServer, type TestServer } from './helpers/server.js';
import type { StoredRunInput, StoredRunOutput } from './modules/stored-run.js';
import type { Tampering } from './modules/tampered-worker.js';

let browser: Browser;
let server: TestServer;
/** Losses of the 30 steps of an undisturbed run. */
let whole: readonly number[];
beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), startServer()]);
  const page = await openPage(browser, server);
  ({ losses: whole } = await storedRun(page, { action: 'whole', key: false }));
  await page.page.close();
  expect(whole).toHaveLength(30);
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

function storedRun(page: TestPage, input: StoredRunInput): Promise<StoredRunOutput> {
  return page.run<StoredRunOutput>('stored-run.ts', input);
}

/** A page with storage of its own. */
async function freshPage(): Promise<{ readonly page: TestPage; readonly context: BrowserContext }> {
  const context = await browser.newContext();
  return { context, page: await openPage(context, server) };
}

describe.each<readonly ['opfs' | 'indexeddb', Tampering | undefined]>([
  ['opfs', undefined],
  ['indexeddb', 'opfs'],
])('in %s', (where, without) => {
  test('a run goes on exactly after a reload in its middle, and after another', async () => {
    const { page } = await freshPage();
    const tamper = without === undefined ? {} : { without };
    const begun = await storedRun(page, { action: 'begin', steps: 4, ...tamper });
    expect(begun.warnings).toEqual([]);
    expect(begun.stored).toMatchObject({ where, key: 'default', epochs: 3, finished: false });

    await page.page.reload();
    const { stored } = await storedRun(page, { action: 'stored', ...tamper });
    const step = stored?.step ?? 0;
    expect(step).toBeGreaterThanOrEqual(4);
    expect(step).toBeLessThan(30);
    expect(stored).toMatchObject({
      where,
      data: 'digits/train',
      taught: 0,
      options: { seed: 5, batchSize: 16 },
    });
    expect(stored?.losses).toEqual(whole.slice(0, step).map(Math.fround));

    const later = await storedRun(page, { action: 'resume', ...tamper });
    expect(later.firstStep).toBe(step + 1);
    expect(later.losses).toEqual(whole.slice(step));
    expect(later.stored).toMatchObject({ step: 30, epoch: 3, finished: true });
    expect(later.stored?.testAccuracy).toBe(later.stored?.history[2]?.testAccuracy);

    expect((await storedRun(page, { action: 'forget', ...tamper })).stored).toBeUndefined();
    expect(page.errors).toEqual([]);
  });
});

test('a tab that crashes leaves its run for the next one', async () => {
  const { page, context } = await freshPage();
  await storedRun(page, { action: 'begin', steps: 4 });
  const crashed = page.page.waitForEvent('crash');
  page.page.goto('chrome://crash').catch(() => undefined);
  await crashed;
  const next = await openPage(context, server);
  const { firstStep, losses } = await storedRun(next, { action: 'resume' });
  expect(firstStep).toBeGreaterThanOrEqual(5);
  expect(losses).toEqual(whole.slice(firstStep - 1));
});

test('a second tab under the same name says so; another name, or the end of the first, lets it train', async () => {
  const { page, context } = await freshPage();
  await storedRun(page, { action: 'begin', steps: 1 });
  const second = await openPage(context, server);
  const taken =
    "StorageError: checkpoint 'default': another page or worker trains under this name; close it, or take another checkpointKey";
  expect((await storedRun(second, { action: 'whole' })).error).toBe(taken);
  expect((await storedRun(second, { action: 'forget' })).error).toBe(taken);
  // To look is no harm.
  expect((await storedRun(second, { action: 'stored' })).stored?.key).toBe('default');
  expect((await storedRun(second, { action: 'whole', key: 'second' })).losses).toEqual(whole);
  await page.page.close();
  const { losses, firstStep } = await storedRun(second, { action: 'resume' });
  expect(losses).toEqual(whole.slice(firstStep - 1));
});

test('where storage is full the run goes on and says so; what was stored stays', async () => {
  const { page, context } = await freshPage();
  await storedRun(page, { action: 'begin', steps: 2 });
  await page.page.reload();
  const client = await context.newCDPSession(page.page);
  const origin = new URL(server.url).origin;
  await client.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1000 });
  const { stored } = await storedRun(page, { action: 'stored' });
  const full = await storedRun(page, { action: 'resume' });
  expect(full.losses).toEqual(whole.slice(stored?.step ?? 0));
  expect(full.warnings).toEqual([
    expect.stringMatching(
      /^this run cannot be stored at present, it goes on without: writing checkpoint 'default' \(\d\.\d MB\) failed: the browser allows this site no more space/,
    ),
  ]);
  expect((await storedRun(page, { action: 'stored' })).stored?.step).toBe(stored?.step);
  await client.send('Storage.overrideQuotaForOrigin', { origin });
  expect((await storedRun(page, { action: 'resume' })).stored?.finished).toBe(true);
});

test('where storage is refused the run goes on and says so; a stored one cannot be had', async () => {
  const { page } = await freshPage();
  const { losses, warnings } = await storedRun(page, { action: 'whole', without: 'storage' });
  expect(losses).toEqual(whole);
  const refused =
    'the browser does not allow this page to store anything: neither its file system nor IndexedDB';
  expect(warnings).toEqual([expect.stringContaining(`this run is not stored: ${refused}`)]);
  for (const action of ['resume', 'stored', 'forget'] as const) {
    expect((await storedRun(page, { action, without: 'storage' })).error).toContain(
      `StorageError: ${refused}`,
    );
  }
});

test('a browser without locks says that two tabs must not train', async () => {
  const { page } = await freshPage();
  const { losses, warnings, stored } = await storedRun(page, { action: 'whole', without: 'locks' });
  expect(losses).toEqual(whole);
  expect(stored?.finished).toBe(true);
  expect(warnings).toEqual([expect.stringContaining('do not train in two tabs at a time')]);
});

test('what is stored but damaged is an error that says how to go on', async () => {
  const { page } = await freshPage();
  await storedRun(page, { action: 'whole' });
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
  const { error } = await storedRun(page, { action: 'resume' });
  expect(error).toMatch(
    /^StorageError: checkpoint 'default' in the browser's storage is damaged: .*; remove it$/,
  );
  expect((await storedRun(page, { action: 'forget' })).stored).toBeUndefined();
});
