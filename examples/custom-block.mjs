// A new kind of residual block, trained on the embedded digits: node examples/custom-block.mjs [steps]
// The pre-activation block of https://arxiv.org/abs/1603.05027 with squeeze and excitation
// (https://arxiv.org/abs/1709.01507), for which ort-train has no layer: each channel is scaled by what a small network
// makes of all channels' means.
import { add, batchNorm, chain, conv, defineNetwork, embeddedDigits, globalAveragePool } from 'ort-train';
import { identity, linear, named, relu, sigmoid, trainResNet } from 'ort-train';

/** A layer is plain data with a `build`, which emits nodes: y = x * gate(x), [N,C,H,W]. */
const scaled = (gate) => ({
  ...{ kind: 'scaled', label: 'scaled by channel', children: [gate] },
  build: (c, x) => c.b.mul(x, c.b.reshape(gate.build(c, x), [...x.shape.slice(0, 2), 1, 1])),
});
const gate = (width) => chain(globalAveragePool(), linear(width / 4), relu(), linear(width), sigmoid());
const conv3x3 = (width, stride = 1) => conv(width, 3, { stride, padding: 1, bias: false });
const block = (width, stride = 1) => {
  const path = chain(conv3x3(width, stride), batchNorm(), relu(), conv3x3(width), scaled(gate(width)));
  const shortcut = stride === 1 ? identity() : conv(width, 1, { stride, bias: false, name: 'shortcut' });
  return named(`block${width}`, chain(batchNorm(), relu(), add(path, shortcut)));
};
const head = chain(batchNorm(), relu(), globalAveragePool(), linear(10, { name: 'head' }));
const net = chain(conv3x3(16, 2), block(16), block(32, 2), block(64, 2), head);
const network = defineNetwork({ name: 'preact-se', input: [1, 28, 28], classes: 10, net });

const { testAccuracy, history, seconds } = await trainResNet({
  network,
  data: embeddedDigits({ train: 6_400, test: 1_000 }),
  epochs: 3,
  learningRate: 3e-3,
  shuffle: true,
  maxSteps: Number(process.argv[2] ?? 300),
});
const losses = history.stepLosses.map((loss) => loss.toFixed(3));
console.log(`loss ${losses[0]} at the first step, ${losses.at(-1)} at step ${losses.length}`);
console.log(
  `accuracy ${(100 * testAccuracy).toFixed(1)} % on digits held out, after ${seconds.toFixed(0)} s`,
);
