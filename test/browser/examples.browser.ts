import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { embeddedDigits, loadClassifier, trainResNet, type Prediction } from '../../src/index.js';
import { launch } from './helpers/browser.js';
import { beforeTests } from './helpers/file-setup.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What the pages import: the compiled package, as it lies on a user's host. */
if (!existsSync(join(root, 'dist/classifier-web.js'))) throw new Error('no dist: run `npm run build` first');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

const digits = embeddedDigits({ train: 6_400, test: 20, seed: 5 });
const digit = (i: number): Promise<Buffer> =>
  sharp(digits.test.images.slice(i * 784, (i + 1) * 784), { raw: { width: 28, height: 28, channels: 1 } })
    .png()
    .toBuffer();

let model: Uint8Array;
const predictions: Prediction[] = [];
/** Files that a user puts beside the pages. */
const beside = new Map<string, Uint8Array>();
let server: Server;
let browser: Browser;
let address = '';

/** A host of static files as simple as there is: no bundler, no headers but the type, no isolation, so no threads. */
async function startHost(): Promise<Server> {
  const host = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    const given = beside.get(path.slice(path.lastIndexOf('/') + 1));
    void (given === undefined ? readFile(join(root, path)) : Promise.resolve(given)).then(
      (bytes) => {
        response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' });
        response.end(bytes);
      },
      () => response.writeHead(404).end('no such file'),
    );
  });
  await new Promise<void>((resolve) => host.listen(0, 'localhost', resolve));
  return host;
}

beforeTests(async (afterTests) => {
  server = await startHost();
  afterTests(() => {
    server.closeAllConnections();
    server.close();
  });
  browser = await launch();
  afterTests(() => browser.close());
  address = `http://localhost:${(server.address() as AddressInfo).port}`;
  // 100 steps are known to be enough for the digits below, with this seed.
  ({ model } = await trainResNet({ preset: 'mnist-cnn-small', data: digits, maxSteps: 100, shuffle: true }));
  beside.set('model.onnx', model);
  const classifier = await loadClassifier(model);
  for (let i = 0; i < 3; i++) predictions.push(await classifier.predict(await digit(i)));
  await classifier.dispose();
});

async function open(example: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(`${address}/examples/${example}/`);
  return { page, errors };
}

const outputOf = (page: Page, expected: RegExp): Promise<string> =>
  page.locator('output', { hasText: expected }).innerText();

describe('examples/web-inference', () => {
  test('classifies pictures that the user gives, as Node does', async () => {
    const { page, errors } = await open('web-inference');
    expect(await outputOf(page, /one of/)).toBe('It will be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.');
    for (const [i, { label, probability }] of predictions.entries()) {
      const buffer = await digit(i);
      await page.locator('input').setInputFiles({ name: `${i}.png`, mimeType: 'image/png', buffer });
      // To a tenth of a percent: the same numbers, added up in another order.
      const [, name, percent] = /^(\w+) \((.*) %\)$/.exec(await outputOf(page, /%/)) ?? [];
      expect(name).toBe(label);
      expect(Number(name)).toBe(digits.test.labels[i]);
      expect(Math.abs(Number(percent) - 100 * probability)).toBeLessThan(0.11);
      await page.locator('output').evaluate((output) => (output.textContent = ''));
    }
    expect(errors).toEqual([]);
    await page.close();
  });

  test('says what is wrong with a picture, and with a model', async () => {
    const { page } = await open('web-inference');
    await outputOf(page, /one of/);
    const buffer = Buffer.from('no picture');
    await page.locator('input').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer });
    expect(await outputOf(page, /a\.png/)).toContain('a.png: expected an image');
    beside.set('model.onnx', model.subarray(0, 1000));
    await page.reload();
    expect(await outputOf(page, /model\.onnx/)).toContain('model.onnx: expected an ONNX model');
    expect(await page.locator('input').isDisabled()).toBe(true);
    beside.set('model.onnx', model);
    await page.close();
  });
});

test('examples/bare-onnxruntime-web classifies a digit', async () => {
  for (const [i, { label }] of predictions.entries()) {
    beside.set('digit.png', await digit(i));
    const { page, errors } = await open('bare-onnxruntime-web');
    expect(await outputOf(page, /\d/)).toBe(label);
    expect(errors).toEqual([]);
    await page.close();
  }
});
