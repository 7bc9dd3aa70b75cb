// Whether memory grows while the playground trains: the browser's own counters, WebAssembly's memories, and what the kernel
// counts for Chromium's processes.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { launch, openPage } from './chromium.mjs';
import { choose, deviceText, settings, whenReady, withPlayground } from './playground.mjs';
import { round } from './report.mjs';

/** Steps in an epoch of 12,800 and of 3,200 digits, batch 64. */
const [longEpoch, shortEpoch] = [200, 50];

/** The first steps allocate, compile and fill the charts. */
const warmUp = 0.2;

/** One line: the tutorial's network and recipe, trained for `steps` steps in one page. */
export const measureMemory = ({ steps = 2000, samples = 20, backend, gpu, progress, circumstances }) =>
  withPlayground(async (url) => {
    const browser = await launch({ gpu: backend === 'webgpu' ? gpu : 'none' });
    try {
      const { page } = await openPage(browser, url);
      const wasm = watchWasm(page);
      await page.reload();
      await whenReady(page);
      const epoch = steps >= 2 * longEpoch ? longEpoch : shortEpoch;
      const epochs = Math.ceil(steps / epoch);
      await choose(page, {
        ...settings.tutorial,
        ...{ 'recipe-device': backend, 'recipe-images': String(64 * epoch), 'recipe-epochs': String(epochs) },
      });
      const counters = await openCounters(browser, page);
      await page.click('#primary');
      const taken = await follow(page, epochs * epoch, { samples, progress, counters, wasm });
      return [{ ...lineOf(backend, await deviceText(page), taken), ...circumstances(browser) }];
    } finally {
      await browser.close();
    }
  });

/** Samples the counters `samples` times on the way to the last step. */
async function follow(page, steps, { samples, progress, counters, wasm }) {
  const stepsDone = () =>
    page.evaluate((all) => {
      const alert = document.querySelector('#run-alert');
      if (!alert.hidden) throw new Error(alert.textContent);
      return Math.round(document.querySelector('#progress').value * all);
    }, steps);
  const taken = [];
  for (let i = 1; i <= samples; i++) {
    const at = Math.round((i * steps) / samples);
    while ((await stepsDone()) < at) await page.waitForTimeout(100);
    const sample = { ...(await counters()), wasm: await wasm() };
    // Training goes on meanwhile.
    taken.push({ step: await stepsDone(), ...sample });
    progress(`step ${taken.at(-1).step}: ${summary(sample)}`);
  }
  return taken;
}

/**
 * Counters in bytes: `heap` of the page, resident memory of Chromium's processes. `performance.measureUserAgentSpecificMemory` has no
 * answer while a thread of WebAssembly waits for work.
 */
async function openCounters(browser, page) {
  const [ofPage, ofBrowser] = [
    await page.context().newCDPSession(page),
    await browser.newBrowserCDPSession(),
  ];
  await ofPage.send('Performance.enable');
  return async () => {
    const { metrics } = await ofPage.send('Performance.getMetrics');
    const { processInfo } = await ofBrowser.send('SystemInfo.getProcessInfo');
    const rss = (type) =>
      processInfo.filter((each) => each.type === type).reduce((sum, { id }) => sum + residentBytes(id), 0);
    return {
      heap: metrics.find(({ name }) => name === 'JSHeapUsedSize').value,
      renderers: rss('renderer'),
      gpu: rss('GPU'),
    };
  };
}

function residentBytes(id) {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? NaN);
  } catch {
    return 0; // it has ended meanwhile
  }
}

/** Keeps WebAssembly memories as workers make them, before any is made; resolves to their bytes. */
function watchWasm(page) {
  const workers = [];
  page.on('worker', (worker) => {
    const watching = worker.evaluate(() => {
      const { Memory } = WebAssembly;
      globalThis.wasmMemories = [];
      WebAssembly.Memory = new Proxy(Memory, {
        construct(target, args) {
          const memory = new target(...args);
          globalThis.wasmMemories.push(memory);
          return memory;
        },
      });
    });
    // A worker that has ended has no memory.
    workers.push(unlessBusy(watching.then(() => worker)));
  });
  const bytesOf = async (worker) =>
    (await unlessBusy(
      worker.evaluate(() => globalThis.wasmMemories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)),
    )) ?? 0;
  return async () => {
    const alive = (await Promise.all(workers)).filter((worker) => worker && page.workers().includes(worker));
    return (await Promise.all(alive.map(bytesOf))).reduce((sum, bytes) => sum + bytes, 0);
  };
}

/**
 * What a worker answers; undefined where it has ended, or has not answered in time: a thread of WebAssembly never comes back
 * to its messages, and has no memory but the one that it shares.
 */
const unlessBusy = (answer) =>
  Promise.race([answer, setTimeout(1000, undefined, { ref: false })]).catch(() => undefined);

const MiB = (bytes) => Number((bytes / 2 ** 20).toFixed(1));
const counted = ['heap', 'wasm', 'renderers', 'gpu'];
const summary = (sample) => counted.map((name) => `${name} ${MiB(sample[name])} MiB`).join(', ');

/** Least squares: bytes for each step. */
function slope(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([a]) => a)), mean(points.map(([, b]) => b))];
  const spread = points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
  return points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) / spread;
}

function lineOf(backend, device, taken) {
  const last = taken.at(-1);
  const steady = taken.filter(({ step }) => step > warmUp * last.step);
  const each = (of) => Object.fromEntries(counted.map((name) => [name, of(name)]));
  return {
    ...{ what: 'memory of the playground', settings: 'tutorial', backend, device, steps: last.step },
    atFirstMiB: each((name) => MiB(steady[0][name])),
    atLastMiB: each((name) => MiB(last[name])),
    growthMiBPer1000Steps: each((name) =>
      round((1000 * slope(steady.map((sample) => [sample.step, sample[name]]))) / 2 ** 20),
    ),
    samples: taken,
  };
}
