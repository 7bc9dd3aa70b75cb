/**
 * The training step, ours portable, ours lowered and PyTorch's, in turn:
 *
 *     node --import ./bench/lower/register.mjs bench/lower/step.ts mnist-cnn 64 --rounds 6 --threads 2
 *
 * Wall milliseconds say what a user waits; on a machine that others use too, CPU milliseconds with --threads 1 say more.
 */
import { parseArgs } from 'node:util';
import type { PresetName } from '../../src/models/index.js';
import { startPeer, type StepTime } from './peer.js';
import { prepare } from './subject.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '6' },
    threads: { type: 'string', default: '2' },
    size: { type: 'string' },
    portable: { type: 'boolean', default: false },
  },
});
const [net = 'mnist-cnn', batchText = '64'] = positionals;
const [batch, threads, rounds] = [Number(batchText), Number(values.threads), Number(values.rounds)];
if (values.size !== undefined) process.env['SIZE'] = values.size;
const options = values.size === undefined ? {} : { imageSize: Number(values.size), classes: 10 };
const shared = { net: net as PresetName, options, batch, threads };
const perRound = 5;

const runners = new Map<string, (count: number) => Promise<readonly StepTime[]>>();
const cpu = await prepare({ ...shared, target: 'cpu' });
runners.set('cpu', (count) => cpu.steps(count));
if (values.portable) {
  const portable = await prepare({ ...shared, target: 'portable' });
  runners.set('portable', (count) => portable.steps(count));
}
const peer = await startPeer(net === 'mnist-cnn' ? 'seed' : net, batch, threads);
runners.set('torch', (count) => peer.steps(count));

const times = new Map([...runners.keys()].map((name) => [name, [] as StepTime[]]));
for (const steps of runners.values()) await steps(2);
for (let round = 0; round < rounds; round++) {
  for (const [name, steps] of runners) times.get(name)?.push(...(await steps(perRound)));
}
peer.stop();
for (const [name, list] of times) {
  const show = (key: keyof StepTime): string => {
    const sorted = list.map((time) => time[key]).sort((a, b) => a - b);
    return `median ${sorted[sorted.length >> 1]?.toFixed(2)} min ${sorted[0]?.toFixed(2)}`;
  };
  console.log(
    `${net} ${batch}, ${threads} threads, ${name.padEnd(8)} wall ${show('wall')}; cpu ${show('cpu')}`,
  );
}
