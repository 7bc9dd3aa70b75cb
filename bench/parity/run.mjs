// Whether every runtime trains alike: losses from the same weights and batches, beside PyTorch's.
//
//   npm run parity [-- --only webgpu] [-- --hardware-gpu]
//
// Writes docs/parity.md. Exit status 1 where a row that ran is farther from PyTorch than its network allows. WebGPU runs on
// SwiftShader, which is software and comes with Chromium, unless --hardware-gpu asks for the machine's own adapter.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { launch, openPage } from '../browser/driver/chromium.mjs';
import { serve } from '../browser/driver/serve.mjs';
import { cases } from './cases.mjs';
import { report } from './report.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    'hardware-gpu': { type: 'boolean', default: false },
    out: { type: 'string', default: join(import.meta.dirname, '../../docs/parity.md') },
  },
});
const software = !values['hardware-gpu'];
const icd = '/usr/lib/chromium/vk_swiftshader_icd.json';

const rows = [
  { title: 'Node, cpu, portable form', in: 'node', devices: ['cpu'], target: 'portable' },
  { title: 'Node, cpu, blocked form', in: 'node', devices: ['cpu'] },
  { title: 'Node, webgpu', in: 'node', devices: ['webgpu'] },
  { title: 'Node, cuda', in: 'node', devices: ['cuda'] },
  { title: 'Chromium, wasm, 1 thread', in: 'browser', devices: ['wasm'], threads: 1 },
  { title: 'Chromium, wasm, 2 threads', in: 'browser', devices: ['wasm'], threads: 2 },
  {
    title: 'Chromium, wasm, portable form',
    in: 'browser',
    devices: ['wasm'],
    threads: 1,
    target: 'portable',
  },
  { title: 'Chromium, webgpu', in: 'browser', devices: ['webgpu'] },
].filter(({ title }) => title.includes(values.only));

const all = await cases();
const folder = mkdtempSync(join(tmpdir(), 'ort-train-parity-'));
const files = {};
for (const { net, file } of all) {
  if (file === undefined) continue;
  writeFileSync(join(folder, `${net}.safetensors`), file);
  files[`/${net}.safetensors`] = file;
}
const server = await serve(files, join(import.meta.dirname, 'page'), join(folder, 'page'));
const browser = await launch({ gpu: software ? 'software' : 'hardware' });
try {
  const results = [];
  for (const each of all) {
    for (const row of rows) {
      const result = each.missing === undefined ? await run(each.net, row) : { missing: each.missing };
      results.push({ net: each.net, ...row, ...result });
      console.error(
        `${each.net}: ${row.title}: ${result.missing ?? result.losses.map((loss) => loss.toFixed(5)).join(' ')}`,
      );
    }
  }
  const isRight = report(values.out, all, results, { chromium: browser.version() });
  process.exitCode = isRight ? 0 : 1;
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}

async function run(net, { in: where, devices, threads, target }) {
  const options = { devices, ...(threads && { threads }), ...(target && { target }) };
  if (where === 'browser') {
    const { page, close } = await openPage(browser, server.url);
    try {
      return await page.evaluate((args) => window.row(...args), [net, `/${net}.safetensors`, options]);
    } finally {
      await close();
    }
  }
  const isSoftware = options.devices[0] === 'webgpu' && software && existsSync(icd);
  const env = { ...process.env, ...(isSoftware && { VK_ICD_FILENAMES: icd }) };
  const args = [
    join(import.meta.dirname, 'node-row.mjs'),
    net,
    join(folder, `${net}.safetensors`),
    JSON.stringify(options),
  ];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 1e8 });
    return {
      ...JSON.parse(stdout.trim().split('\n').at(-1)),
      ...(isSoftware && { adapter: 'SwiftShader, software' }),
    };
  } catch (error) {
    return { missing: `the process ended: ${error.message.split('\n')[0]}` };
  }
}
