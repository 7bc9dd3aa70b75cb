// The playground as `npm run web:build` makes it, and what its visitor does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { servePlayground } from './serve.mjs';

/** Settings that are measured, as the page's form has them. */
export const settings = {
  /** What the page comes with. */
  default: {},
  /** The tutorial's network and recipe. */
  tutorial: { architecture: 'cnn', norm: 'none', 'recipe-learningRate': '0.001' },
};

/** Builds the page, serves it while `use` runs, and removes it. */
export async function withPlayground(use) {
  const folder = mkdtempSync(join(tmpdir(), 'ort-train-playground-'));
  const server = await servePlayground(folder);
  try {
    return await use(server.url);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until the page can train. Throws with what the page says where it cannot. */
export async function whenReady(page) {
  await page.waitForFunction(() => ['idle', 'unavailable'].includes(document.body.dataset.phase));
  if ((await page.evaluate(() => document.body.dataset.phase)) === 'idle') return;
  throw new Error(`the page cannot train: ${await page.locator('#status').innerText()}`);
}

/** Fills in the form. */
export async function choose(page, fields) {
  await page.evaluate(() => document.querySelector('#recipe').setAttribute('open', ''));
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'norm') await page.locator(`input[name=norm][value=${value}] + span`).click();
    else if (name.startsWith('recipe-') && !['recipe-images', 'recipe-device'].includes(name))
      await page.locator(`#${name}`).fill(value);
    else await page.locator(`#${name}`).selectOption(value);
  }
}

/** What the page says it runs on. */
export const deviceText = (page) => page.locator('#device').innerText();
