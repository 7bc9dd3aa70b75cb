// One Chromium for all engines; a page of its own, in a process of its own, for each.
import { chromium } from 'playwright-core';

/** `CHROMIUM`, or Debian's. */
export const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/**
 * WebGPU on the machine's GPU, or on SwiftShader, which is software, where `software` says so: headless Chromium on Linux
 * takes neither on its own.
 */
export function launch({ software = true, args = [] } = {}) {
  const gpu = ['--enable-unsafe-webgpu', ...(software ? ['--use-webgpu-adapter=swiftshader'] : [])];
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', ...gpu, '--enable-unsafe-swiftshader', ...args],
  });
}

/** A fresh page in a context of its own, whose errors go to `onError`. */
export async function openPage(browser, url, onError = (text) => console.error(text)) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  page.on('pageerror', (error) => onError(`page: ${error.message}`));
  await page.goto(url);
  return { page, close: () => context.close() };
}
