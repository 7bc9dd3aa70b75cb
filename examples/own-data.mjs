// A data set of your own: its images are made when they are read. node examples/own-data.mjs [images]
// Any object with these members is one: read them from a database, a service, or a file format that ort-train does not know.
import { defineNetwork, trainResNet } from 'ort-train';
import { chain, conv, flatten, linear, maxPool, relu } from 'ort-train';

/** Grey images of 16x16: stripes that run down (0) or across (1), wherever they begin, among noise. */
const stripes = (name, count, seed) => ({
  ...{ name, count, shape: [1, 16, 16], classes: ['down', 'across'] },
  read(indices, { pixels, labels }) {
    Array.from(indices).forEach((index, i) => {
      labels[i] = index % 2;
      for (let at = 0; at < 256; at++) {
        const line = (index % 2 === 0 ? at % 16 : Math.floor(at / 16)) + (index >> 1);
        const noise = Math.imul(seed + index * 256 + at, 0x9e3779b1) >>> 25;
        pixels[i * 256 + at] = (line % 4 < 2 ? 120 : 0) + noise;
      }
    });
  },
});

const count = Number(process.argv[2] ?? 2_000);
const net = chain(conv(8, 3, { padding: 1 }), relu(), maxPool(2), conv(16, 3), relu(), flatten(), linear(2));
const { testAccuracy, history, prefetch } = await trainResNet({
  network: defineNetwork({ name: 'stripes', input: [1, 16, 16], classes: 2, net }),
  data: { train: stripes('stripes/train', count, 1), test: stripes('stripes/test', 200, 2) },
  ...{ epochs: 2, batchSize: 20, learningRate: 3e-3, shuffle: true, autotune: false },
});
console.log(
  `loss ${history.stepLosses[0].toFixed(3)} at the first step, ${history.stepLosses.at(-1).toFixed(3)} at the last`,
);
console.log(`accuracy ${(100 * testAccuracy).toFixed(1)} % on images held out`);
console.log(`batches were prepared between the steps: ${prefetch.reason}`);
