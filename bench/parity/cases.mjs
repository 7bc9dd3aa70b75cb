// What all rows start from: weights and batches of each network as one safetensors file, and PyTorch's losses.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeSafetensors, encodeSafetensors, loadIdx, prepareBatch, presetNetwork } from 'ort-train';
import { networkOf } from './follow.mjs';

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));
const golden = new URL('../../test/golden/resnets/resnet18.json', import.meta.url);

/** By network: PyTorch's losses, how far ours may be, and the file that a run starts from. */
export async function cases() {
  return [
    await mnist(),
    resnet('resnet20-cifar', new URL('resnet20-cifar.json', import.meta.url)),
    resnet('resnet18-64', golden),
  ];
}

async function mnist() {
  const about = { net: 'mnist-cnn', title: 'The tutorial’s network, batch 64 of MNIST', tolerance: 1e-4 };
  const [seed, data] = [`${shared}golden/seed-mnist/`, `${shared}data/mnist/`];
  if (!existsSync(seed) || !existsSync(data))
    return { ...about, missing: `${seed} and ${data} are not here` };
  const set = await loadIdx({
    name: 'mnist',
    classes: Array.from({ length: 10 }, (_, i) => String(i)),
    images: readFileSync(`${data}train-images-idx3-ubyte.gz`),
    labels: readFileSync(`${data}train-labels-idx1-ubyte.gz`),
  });
  const losses = JSON.parse(readFileSync(`${seed}trace.json`, 'utf8')).step_losses_epoch_1.slice(0, 10);
  const { tensors } = decodeSafetensors(readFileSync(`${seed}init.safetensors`));
  const batches = await Promise.all(
    losses.map((_, i) =>
      prepareBatch(
        set,
        Array.from({ length: 64 }, (__, j) => 64 * i + j),
      ),
    ),
  );
  return { ...about, losses, file: fileOf(presetNetwork('mnist-cnn'), tensors, batches) };
}

/** The weights come from `fill`, as make_golden.py and resnet20.py say. */
function resnet(net, path) {
  const trace = JSON.parse(readFileSync(path, 'utf8'));
  const network = networkOf(net);
  const { shape, fill_seed: seed } = trace.input;
  const weights = new Map(
    network.state.map(({ name, shape: dims }) => [
      name,
      {
        dtype: 'float32',
        shape: dims,
        data: weight(network, name, dims, trace.state_dict_order.indexOf(name)),
      },
    ]),
  );
  const images = fill(seed, product(shape));
  const batch = { images, labels: Int32Array.from(trace.target) };
  return {
    net,
    title:
      net === 'resnet18-64'
        ? `ResNet-18, ${shape[0]} images of 64x64`
        : `ResNet-20, ${shape[0]} images of 32x32`,
    tolerance: 1e-3,
    losses: trace.losses,
    file: fileOf(
      network,
      weights,
      trace.losses.map(() => batch),
    ),
  };
}

function weight(network, name, shape, index) {
  const size = product(shape);
  if (name.endsWith('running_mean')) return new Float32Array(size);
  if (name.endsWith('running_var')) return new Float32Array(size).fill(1);
  const u = fill(1000 + index, size);
  if (shape.length === 4) return u.map((v) => v * Math.sqrt(6 / product(shape.slice(1))));
  const width = network.state.find(({ name: other }) => other === 'fc.weight').shape[1];
  if (name.startsWith('fc.')) return u.map((v) => v / Math.sqrt(width));
  return u.map((v) => v * 0.1 + (name.endsWith('.weight') ? 1 : 0));
}

function fileOf(network, weights, batches) {
  const tensors = new Map(weights);
  for (const [i, { images, labels }] of batches.entries()) {
    const shape = [labels.length, ...network.input];
    tensors.set(`batches.${i}.images`, { dtype: 'float32', shape, data: images });
    tensors.set(`batches.${i}.labels`, { dtype: 'int32', shape: [labels.length], data: labels });
  }
  return encodeSafetensors(tensors);
}

/** n float32 numbers in [-1, 1) from a counter and murmur3's finaliser. */
function fill(seed, n) {
  const start = Math.imul(seed, 0x9e3779b9);
  return Float32Array.from({ length: n }, (_, i) => {
    let h = (i + start) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
    return ((h >>> 8) / 2 ** 24) * 2 - 1;
  });
}

const product = (shape) => shape.reduce((size, dim) => size * dim, 1);
