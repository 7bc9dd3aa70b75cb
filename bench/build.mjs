// How long a network takes from its description to its training artifacts on the disk, and how much memory: graphs,
// differentiation, lowering, encoding, initial weights, files. PyTorch has no counterpart.
//
//   node bench/build.mjs [--net resnet152] [--image-size 224] [--classes 1000] [--rounds 3] [--json]
//
// The total is that of a process which has done nothing before, from the description to the last file written, without
// the start of Node and the imports; so is the peak, as the kernel counts it. The stages come from a process of their
// own, which makes the same models one step at a time. Medians of the rounds.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  buildGraph,
  createTrainingArtifacts,
  encodeInferenceModel,
  encodeModel,
  initialState,
  lowerPortable,
  presetNetwork,
  writeTrainingArtifacts,
} from 'ort-train';

const { values } = parseArgs({
  options: {
    net: { type: 'string', default: 'resnet152' },
    'image-size': { type: 'string', default: '224' },
    classes: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const define = () =>
  presetNetwork(values.net, { imageSize: Number(values['image-size']), classes: Number(values.classes) });

async function total() {
  const folder = mkdtempSync(join(tmpdir(), 'ort-train-build-'));
  try {
    const [start, cpuStart] = [performance.now(), process.cpuUsage()];
    const artifacts = createTrainingArtifacts(define());
    const created = performance.now();
    await writeTrainingArtifacts(folder, artifacts);
    const totalMs = Math.round(performance.now() - start);
    const writeMs = Math.round(performance.now() - created);
    const { user, system } = process.cpuUsage(cpuStart);
    const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
    const cpuMs = Math.round((user + system) / 1000);
    return { totalMs, writeMs, cpuMs, peakMiB, filesMiB: Math.round(bytes / 2 ** 20) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function stages() {
  const times = {};
  const timed = (stage, work) => {
    const start = performance.now();
    const result = work();
    times[stage] = Math.round(performance.now() - start);
    return result;
  };
  const kinds = ['training', 'eval', 'optimizer'];
  const network = timed('define', define);
  const graphs = timed('build and differentiate', () =>
    kinds.map((kind) => buildGraph(network, kind, { optimizer: { kind: 'adam' } })),
  );
  const lowered = timed('lower', () => graphs.map((graph) => lowerPortable(graph)));
  const models = timed('encode', () => lowered.map((graph) => encodeModel(graph)));
  const weights = timed('initial weights', () => initialState(network, 0));
  timed('inference model', () => encodeInferenceModel(network, weights));
  const parameters = network.state.filter(({ kind }) => kind === 'parameter');
  return {
    parameters: parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    nodes: lowered[0].nodes.length,
    modelKiB: Math.round(models[0].length / 1024),
    times,
  };
}

if (values.only !== undefined) {
  console.log(JSON.stringify(values.only === 'total' ? await total() : stages()));
} else {
  const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
  const rerun = (only) => {
    const options = ['net', 'image-size', 'classes'].flatMap((name) => [`--${name}`, values[name]]);
    const args = [fileURLToPath(import.meta.url), ...options, '--only', only];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  };
  const rounds = Array.from({ length: Number(values.rounds) }, () => [rerun('total'), rerun('stages')]);
  const [wholes, parts] = [rounds.map(([whole]) => whole), rounds.map(([, part]) => part)];
  const { times, ...sizes } = parts[0];
  const report = {
    net: values.net,
    imageSize: Number(values['image-size']),
    ...sizes,
    totalMs: median(wholes.map(({ totalMs }) => totalMs)),
    fastestMs: Math.min(...wholes.map(({ totalMs }) => totalMs)),
    slowestMs: Math.max(...wholes.map(({ totalMs }) => totalMs)),
    writeMs: median(wholes.map(({ writeMs }) => writeMs)),
    // What the machine's other work cannot change much: time on the processors, of all threads.
    cpuMs: median(wholes.map(({ cpuMs }) => cpuMs)),
    peakMiB: Math.max(...wholes.map(({ peakMiB }) => peakMiB)),
    filesMiB: wholes[0].filesMiB,
    stagesMs: Object.fromEntries(
      Object.keys(times).map((stage) => [stage, median(parts.map((part) => part.times[stage]))]),
    ),
    cpu: cpus()[0]?.model,
    node: process.version,
  };
  if (values.json) console.log(JSON.stringify(report));
  else {
    console.log(
      `${report.net} at ${report.imageSize}x${report.imageSize}, ${report.parameters} parameters, ${report.nodes} nodes: ` +
        `${report.totalMs} ms (${report.fastestMs} to ${report.slowestMs}; writing ${report.writeMs}, CPU time ${report.cpuMs}), ` +
        `peak ${report.peakMiB} MiB, files ${report.filesMiB} MiB`,
    );
    for (const [stage, time] of Object.entries(report.stagesMs)) console.log(`  ${stage}: ${time} ms`);
  }
}
