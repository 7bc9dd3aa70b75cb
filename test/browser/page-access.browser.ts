import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { embeddedDigits, trainResNet, type MemoryDataset } from '../../src/index.js';
import { stickers } from '../data/pictures/stickers.js';
import { encodeIdxImages, encodeIdxLabels } from '../helpers/idx-encode.js';
import { launch } from './helpers/browser.js';
import { buildPage, type BuiltPage, type StaticHost } from './helpers/built-page.js';
import { beforeTests } from './helpers/file-setup.js';
import { digitLines, openPlayground, type Playground } from './helpers/playground.js';
import { keepScreenshot } from './helpers/screenshots.js';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let built: BuiltPage;
let host: StaticHost;
/** A network that has learnt nothing: it makes many mistakes. */
let model: Uint8Array;
beforeTests(async (afterTests) => {
  const digits = embeddedDigits({ train: 64, test: 10 });
  ({ model } = await trainResNet({ preset: 'mnist-cnn-small', data: digits, maxSteps: 1 }));
  built = await buildPage();
  afterTests(() => {
    built.remove();
  });
  host = await built.serve('/', true);
  afterTests(() => host.close());
  browser = await launch();
  afterTests(() => browser.close());
});

/** 10,000 steps: more than any test waits for. */
const endless = { epochs: 200, images: 3200 };

const open = async (
  options: Parameters<typeof openPlayground>[2] = {},
  url = host.url,
): Promise<Playground> => {
  const playground = await openPlayground(browser, url, options);
  onTestFinished(() => playground.context.close());
  return playground;
};

const binary = (name: string, buffer: Uint8Array): { name: string; mimeType: string; buffer: Buffer } => ({
  ...{ name, mimeType: 'application/octet-stream' },
  buffer: Buffer.from(buffer),
});

/** From the top: the controls stay at the top of what is shown, wherever that is. */
async function keep(page: Page, name: string): Promise<void> {
  await page.evaluate(() => {
    scrollTo(0, 0);
  });
  await keepScreenshot(page, name);
}

/** Drops a file on the page. */
async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([file, base64]) => {
      const list = new DataTransfer();
      list.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], file));
      return list;
    },
    [name, Buffer.from(bytes).toString('base64')] as const,
  );
  for (const type of ['dragenter', 'dragover', 'drop']) {
    await page.dispatchEvent('main', type, { dataTransfer: transfer });
  }
}

const focused = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.id ?? '');

/** Whether anything is drawn, as the network would see it. */
const hasInk = (page: Page): Promise<boolean> =>
  page.locator('#seen').evaluate((canvas) => {
    const context = (canvas as HTMLCanvasElement).getContext('2d');
    return context?.getImageData(0, 0, 28, 28).data.some((value, i) => i % 4 === 0 && value > 100) === true;
  });

test('by keyboard: starts, holds and stops a training, and draws', async () => {
  const { page, recipe, phase, errors } = await open();
  await recipe(endless);
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
  });
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip');
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('primary');
  const outline = await page.locator('#primary').evaluate((button) => getComputedStyle(button).outlineStyle);
  expect(outline).toBe('solid');
  await page.keyboard.press('Enter');
  await phase('training');
  expect(await focused(page)).toBe('primary');
  await page.keyboard.press('Enter');
  await phase('paused');
  await page.keyboard.press('Enter');
  await phase('training');
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('stop');
  await page.keyboard.press('Enter');
  await phase('idle');
  expect(await page.textContent('#status')).toMatch(/^Stopped/);
  expect(await focused(page)).toBe('primary');

  await page.focus('#pad');
  await page.keyboard.press('ArrowUp');
  expect(await hasInk(page)).toBe(false);
  await page.keyboard.press('Space');
  for (let i = 0; i < 14; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await page.waitForFunction(() => document.querySelector('#reading')?.textContent.startsWith('It reads'));
  expect(await hasInk(page)).toBe(true);
  await page.keyboard.press('Delete');
  expect(await hasInk(page)).toBe(false);
  await page.focus('[aria-label="Example of a 2"]');
  await page.keyboard.press('Enter');
  expect(await hasInk(page)).toBe(true);
  expect(errors).toEqual([]);
});

describe.each(['light', 'dark'] as const)('in the %s scheme', (colorScheme) => {
  test('axe finds nothing to object to, before and after there is a network', async () => {
    const { page, recipe, errors } = await open({ colorScheme });
    await recipe({ epochs: 2 });
    const check = async (state: string): Promise<void> => {
      const { violations } = await page.evaluate<AxeResults>(`${axeSource}; axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      })`);
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      expect(found, state).toEqual([]);
    };
    await check('at the start');
    await keep(page, `page-start-${colorScheme}`);
    await page.setInputFiles('#model-file', binary('m.onnx', model));
    await page.waitForSelector('#mistake-list li');
    await page.click('[aria-label="Example of a 3"]');
    await page.fill('#recipe-epochs', '0');
    await page.setInputFiles('#data-files', binary('notes.txt', new Uint8Array(3)));
    await page.waitForSelector('#files-alert:not([hidden])');
    await check('with a network and with errors');
    await keep(page, `page-network-${colorScheme}`);
    expect(errors).toEqual([]);
  });
});

test('a phone of 360 pixels: nothing scrolls sideways, and a finger draws', async () => {
  const { page, context, errors } = await open({
    ...{ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme: 'dark' },
  });
  const overflow = (): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  const architectures = await page
    .locator('#architecture option')
    .evaluateAll((all) => all.map((option) => (option as HTMLOptionElement).value));
  expect(architectures.length).toBeGreaterThan(5);
  await page.evaluate(() => document.querySelector('#recipe')?.setAttribute('open', ''));
  for (const architecture of architectures) {
    await page.selectOption('#architecture', architecture);
    expect(await overflow(), architecture).toBe(0);
  }
  await drop(page, 'm.onnx', model);
  await page.waitForSelector('#mistake-list li');
  expect(await overflow()).toBe(0);
  await page.locator('#pad').evaluate((pad) => {
    pad.scrollIntoView({ block: 'center' });
  });
  const before = await page.evaluate(() => scrollY);
  const box = await page.locator('#pad').boundingBox();
  if (box === null) throw new Error('the pad is not shown');
  const devtools = await context.newCDPSession(page);
  const touch = async (type: 'touchStart' | 'touchMove' | 'touchEnd', x = 0, y = 0): Promise<void> => {
    const touchPoints = type === 'touchEnd' ? [] : [{ x: box.x + x * box.width, y: box.y + y * box.height }];
    await devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
  };
  await touch('touchStart', 0.5, 0.2);
  for (let i = 1; i <= 10; i++) await touch('touchMove', 0.5, 0.2 + 0.06 * i);
  await touch('touchEnd');
  await page.waitForFunction(() => document.querySelector('#reading')?.textContent.startsWith('It reads'));
  expect(await hasInk(page)).toBe(true);
  expect(await page.evaluate(() => scrollY)).toBe(before);
  await keep(page, 'page-phone');
  expect(errors).toEqual([]);
});

test('the switches change the network that is shown', async () => {
  const { page, text } = await open();
  const count = (selector: string): Promise<number> => page.locator(`#picture ${selector}`).count();
  const choose = (name: string, value: string): Promise<void> =>
    page.locator(`input[name="${name}"][value="${value}"]`).check({ force: true });
  expect([await count('.arc'), await count('.conv'), await count('.norm')]).toEqual([3, 9, 9]);
  await choose('shortcut', 'plain');
  await choose('norm', 'none');
  expect([await count('.arc'), await count('.conv'), await count('.norm')]).toEqual([0, 9, 0]);
  await page.selectOption('#architecture', 'cnn');
  await choose('shortcut', 'residual');
  expect(await text('#network-facts')).toBe('mnist-cnn: 10 layers, 323,268 parameters');
  await page.selectOption('#architecture', 'resnet-56');
  expect([await count('.arc'), await count('.conv')]).toEqual([27, 55]);
});

test('errors stand where they belong, and the page goes on', async () => {
  const { page, text, recipe, phase, errors } = await open();
  const alertAfter = async (input: string, name: string, bytes: Uint8Array): Promise<string> => {
    await page.evaluate(() => {
      document.querySelector('#files-alert')?.setAttribute('hidden', '');
    });
    await page.setInputFiles(input, binary(name, bytes));
    await page.waitForSelector('#files-alert:not([hidden])');
    return text('#files-alert');
  };
  expect(await alertAfter('#model-file', 'cut.onnx', model.subarray(0, 5000))).toMatch(/^cut\.onnx: /);
  expect(await alertAfter('#model-file', 'text.onnx', Buffer.from('not a model'))).toMatch(/^text\.onnx: /);
  expect(await alertAfter('#data-files', 'notes.txt', Buffer.from('hello'))).toMatch(
    /^Files: expected pictures .*; there is notes\.txt/,
  );
  await recipe({ epochs: 0 });
  await page.click('#primary');
  expect(await text('#settings-alert')).toBe('Epochs: expected a whole number from 1 to 200, got 0.');
  expect(await focused(page)).toBe('recipe-epochs');
  // A GPU that is not there is no error but a warning: the run goes on with wasm.
  await recipe({ ...endless, device: 'webgpu' });
  expect(await text('#device')).toMatch(/^WebGPU cannot be used: this browser has WebGPU, but no adapter/);
  await page.click('#primary');
  await phase('training');
  expect(await text('#run-warning')).toMatch(
    /^webgpu cannot start .* the run goes on with wasm after step 0\.$/,
  );
  expect(await text('#device')).toMatch(/^Runs on the CPU .* no adapter/);
  await page.click('#stop');
  await phase('idle');
  expect(errors).toEqual([]);
});

test('a worker that the browser ends: the page says so, starts another one, and can go on', async () => {
  const { page, text, recipe, phase, errors } = await open();
  await recipe(endless);
  await page.click('#primary');
  await phase('training');
  await page.waitForFunction(() => (document.querySelector('progress')?.value ?? 0) > 0);
  await page.click('#primary');
  await page.waitForFunction(() => document.querySelector('#status')?.textContent.includes('A reload can'));
  const [worker] = page.workers();
  await worker?.evaluate(() => {
    setTimeout(() => {
      close();
    });
  });
  await page.waitForSelector('#run-alert:not([hidden])');
  await phase('idle');
  expect(await text('#run-alert')).toMatch(/^The worker is lost: the browser ended it/);
  await page.waitForSelector('#stored:not([hidden])');
  const steps = Number(/after (\d+) steps/.exec(await text('#stored-text'))?.[1]);
  await page.click('#stored-resume');
  await phase('training');
  expect(await page.isHidden('#run-alert')).toBe(true);
  await page.waitForFunction(
    (least) => (document.querySelector('progress')?.value ?? 0) * 10_000 > least,
    steps,
  );
  expect(errors).toEqual([]);
});

test('trains on files of the visitor', async () => {
  const { page, text, recipe, phase, errors } = await open();
  const { train, test: held } = embeddedDigits({ train: 256, test: 64, seed: 3 });
  const files = (role: string, set: MemoryDataset): ReturnType<typeof binary>[] => [
    binary(`${role}-images-idx3-ubyte`, encodeIdxImages(set)),
    binary(`${role}-labels-idx1-ubyte`, encodeIdxLabels(set.labels)),
  ];
  await page.setInputFiles('#data-files', [...files('train', train), ...files('t10k', held)]);
  await page.waitForSelector('#files-status:not([hidden])');
  expect(await text('#files-status')).toMatch(
    /256 images to train on and 64 held out, 28×28 pixels, 10 classes/,
  );
  await recipe({ epochs: 1 });
  await page.click('#primary');
  await phase('training');
  await phase('idle');
  expect(await text('#status')).toMatch(/^Done/);
  await page.waitForFunction(() =>
    document.querySelector('#mistakes-facts')?.textContent.includes('of 64 held-out digits'),
  );
  await page.click('#use-digits');
  expect(await text('#recipe-summary')).toMatch(/12,800 digits/);
  expect(errors).toEqual([]);
});

test('trains on a folder of pictures of the visitor, and says what is in it', async () => {
  const { page, text, recipe, phase, errors } = await open();
  const files: Record<string, Uint8Array> = await stickers(6);
  files['stickers/warm/cut.png'] = (files['stickers/warm/0.png'] ?? new Uint8Array()).subarray(0, 100);
  files['stickers/notes.txt'] = Buffer.from('hello');
  files['stickers/alone/1.png'] = files['stickers/warm/0.png'] ?? new Uint8Array();
  const folder = mkdtempSync(join(tmpdir(), 'ort-train-page-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: [join(folder, 'stickers')], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await client.send('Input.dispatchDragEvent', { type, x: 50, y: 50, data });
  }
  await page.waitForSelector('#files-status:not([hidden])');
  const said = await text('#files-status');
  expect(said).toMatch(
    /^The next training uses stickers: 11 images to train on and 2 held out, 28×28 pixels, 3 classes \(alone 1, kühl blau 5, warm 5\)\. /,
  );
  expect(said).toMatch(/ 1 picture cannot be read and is left out: stickers\/warm\/cut\.png: /);
  expect(said).toMatch(/ 1 other file is left out: stickers\/notes\.txt \(no picture\)\. /);
  expect(said).toMatch(/ class alone has one picture, .* not measured\. Press Start\.$/);
  await keepScreenshot(page, 'page-pictures');
  // More images in a batch than there are: all of them.
  await recipe({ epochs: 2, batchSize: 64 });
  expect(await text('#recipe-summary')).toMatch(/^2 × stickers, 11 images, batches of 11, /);
  await page.click('#primary');
  await phase('training');
  await phase('idle');
  expect(await text('#status')).toMatch(/^Done/);
  expect(await page.locator('#epoch-rows tr').count()).toBe(2);
  await page.waitForFunction(() => {
    const facts = document.querySelector('#mistakes-facts')?.textContent ?? '';
    return facts.includes('of 2 held-out') || facts.startsWith('None');
  });
  await keepScreenshot(page, 'page-pictures-after');
  expect(errors).toEqual([]);
});

test('below any path of a host that sends no headers, with one thread, and says so', async () => {
  const plain = await built.serve('/some/where/', false);
  onTestFinished(() => plain.close());
  const { page, text, recipe, phase, draw, errors } = await open({}, plain.url);
  expect(await text('#device')).toMatch(
    /WebAssembly, 1 thread\).*One thread instead of \d+: the page is not cross-origin/,
  );
  await recipe(endless);
  await page.click('#primary');
  await phase('training');
  await draw(...digitLines[1]);
  await page.waitForFunction(() => document.querySelector('#reading')?.textContent.startsWith('It reads'));
  expect(await text('#device')).toMatch(/^Runs on the CPU \(WebAssembly, 1 thread\)/);
  await page.click('#stop');
  await phase('idle');
  expect(errors).toEqual([]);
});
