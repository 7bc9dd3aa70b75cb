// One Chromium for all engines; a page of its own, in a process of its own, for each.
import { chromium } from 'playwright-core';

/** `CHROMIUM`, or Debian's. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Headless Chromium on Linux takes no adapter for WebGPU on its own: SwiftShader, which is software, or the machine's. */
const adapters = {
  none: [],
  software: ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-unsafe-swiftshader'],
  hardware: ['--enable-unsafe-webgpu', '--enable-unsafe-swiftshader'],
};

/** Starts Chromium with a profile of its own. `gpu` says which adapter WebGPU gets: `none`, `software`, `hardware`. */
export const launch = ({ gpu = 'software' } = {}) =>
  chromium.launch({ executablePath, args: ['--no-sandbox', ...adapters[gpu]] });

/** A fresh page in a context of its own, whose errors go to `onError`. */
export async function openPage(browser, url, onError = (text) => console.error(text)) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  page.on('pageerror', (error) => onError(`page: ${error.message}`));
  await page.goto(url);
  return { page, close: () => context.close() };
}
