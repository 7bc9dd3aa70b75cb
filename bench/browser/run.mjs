// What training costs in a browser.
//
//   npm run bench:browser -- --peers [--json] [--rounds 3] [--only wasm,jax-js] [--hardware-gpu]
//   npm run bench:browser -- --first-step [--json] [--rounds 5] [--backend wasm]
//   npm run bench:browser -- --memory [--json] [--steps 2000] [--backend wasm]
//
// --peers       a training step of the tutorial's network, batch 64, against jax-js and TensorFlow.js in the same Chromium,
//               in turns; `ratio` is peer / ours
// --first-step  from the click on the playground's button to the end of the first step, each time in a browser that has
//               never seen the page, which is built and served as `npm run web:build` and a static host would
// --memory      what the playground's page, workers and WebAssembly hold while it trains for 2,000 steps
//
// Lines are kept in bench/results. The first run installs the peers into bench/browser/node_modules. WebGPU runs on SwiftShader, which is software, unless
// --hardware-gpu asks for the machine's own adapter; each line says which it was.
import { parseArgs } from 'node:util';
import { launch } from './driver/chromium.mjs';
import { measureFirstStep } from './driver/first-step.mjs';
import { measureMemory } from './driver/memory.mjs';
import { measurePeers } from './driver/peers.mjs';
import { circumstances, save } from './driver/report.mjs';
import { installPeers, serve } from './driver/serve.mjs';
import { startFile } from './driver/start.mjs';

const { values } = parseArgs({
  options: {
    peers: { type: 'boolean', default: false },
    'first-step': { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    steps: { type: 'string' },
    only: { type: 'string', default: '' },
    backend: { type: 'string', default: 'wasm' },
    'hardware-gpu': { type: 'boolean', default: false },
    out: { type: 'string', default: new URL('../results', import.meta.url).pathname },
  },
});

const progress = (text) => {
  if (!values.json) console.error(text);
};
const gpu = values['hardware-gpu'] ? 'hardware' : 'software';
const numbers = Object.fromEntries(
  ['rounds', 'steps']
    .filter((name) => values[name] !== undefined)
    .map((name) => [name, Number(values[name])]),
);
const shared = { ...numbers, backend: values.backend, gpu, progress, circumstances };

const modes = {
  async peers() {
    installPeers();
    const server = await serve({ '/start.safetensors': await startFile() });
    const browser = await launch({ gpu });
    try {
      const only = values.only.split(',').filter(Boolean);
      const lines = await measurePeers(browser, server.url, { ...shared, only });
      return lines.map((line) => ({ ...line, ...circumstances(browser) }));
    } finally {
      await browser.close();
      await server.close();
    }
  },
  'first-step': () => measureFirstStep(shared),
  memory: () => measureMemory(shared),
};
const texts = { peers: peerText, 'first-step': firstStepText, memory: memoryText };

const asked = Object.keys(modes).filter((mode) => values[mode]);
if (asked.length === 0) {
  console.error(
    `expected one or more of ${Object.keys(modes)
      .map((mode) => `--${mode}`)
      .join(', ')}`,
  );
  process.exit(2);
}
for (const mode of asked) {
  const lines = await modes[mode]();
  const file = save(values.out, mode, lines);
  for (const line of lines) console.log(values.json ? JSON.stringify(line) : texts[mode](line));
  progress(`results in ${file}`);
}

/** One line for people: what differs between engines, not what is the same for all. */
function peerText({ engine, backend, threads, form, stepMs, ratio, against, missing, adapter, ...line }) {
  const who = [engine, backend, threads && `${threads} threads`, form, adapter && `on ${adapter}`];
  const name = who.filter(Boolean).join(' ');
  if (missing !== undefined) return `${name}: not measured: ${missing}`;
  const compared = ratio === null ? '' : `, ratio ${ratio} (${against})`;
  const other = line.sameLosses ? '' : `, but it computes something else: losses off by ${line.lossesOff}`;
  return `${name}: ${stepMs} ms a step${compared}${other}`;
}

function firstStepText({ settings, device, firstStepMs, slowestMs, readyMs, visits }) {
  return (
    `${settings} settings: first step ${firstStepMs} ms after the click (median of ${visits} visits, slowest ` +
    `${slowestMs}); ready ${readyMs} ms after the address. ${device}`
  );
}

function memoryText({ steps, device, atFirstMiB, atLastMiB, growthMiBPer1000Steps }) {
  const rows = Object.entries(growthMiBPer1000Steps).map(
    ([name, growth]) =>
      `  ${name}: ${atFirstMiB[name]} -> ${atLastMiB[name]} MiB, ${growth} MiB in 1,000 steps`,
  );
  return [`${steps} steps. ${device}`, ...rows].join('\n');
}
