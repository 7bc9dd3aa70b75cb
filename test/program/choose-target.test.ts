import { Trainer } from '../../src/train/index.js';
import type { LabelledBatch, CreateSession } from '../../src/program/index.js';
import { describe, expect, test } from 'vitest';
import {
  add,
  batchNorm,
  chain,
  conv,
  defineNetwork,
  flatten,
  identity,
  linear,
  maxPool,
  relu,
  type Network,
} from '../../src/net/index.js';
import { createNodeSession } from '../../src/session/node.js';
import { fill } from '../helpers/golden.js';

const network = defineNetwork({
  name: 'small',
  input: [1, 12, 12],
  classes: 3,
  net: chain(
    ...[conv(16, 3), maxPool(2), relu()],
    ...[add(conv(16, 3, { padding: 1 }), identity()), relu(), flatten(), linear(3)],
  ),
});

/** The running means, which the blocked form subtracts in the convolutions, move from step to step. */
const normed = defineNetwork({
  name: 'normed',
  input: [1, 12, 12],
  classes: 3,
  net: chain(
    ...[conv(16, 3, { bias: false }), batchNorm(), relu(), maxPool(2)],
    ...[
      add(chain(conv(16, 3, { padding: 1, bias: false }), batchNorm()), identity()),
      relu(),
      flatten(),
      linear(3),
    ],
  ),
});

const batch = (size: number, seed: number): LabelledBatch => ({
  images: Float32Array.from(fill(seed, size * 144)),
  labels: Int32Array.from({ length: size }, (_, i) => i % 3),
  size,
});

async function losses(
  target: 'auto' | 'portable',
  createSession: CreateSession = createNodeSession,
  of: Network = network,
) {
  const trainer = await Trainer.create(of, { createSession, target });
  try {
    const found: number[] = [];
    // The smaller batches in between change the model, and with it the layout of the state.
    for (const [i, size] of [20, 20, 7, 20, 7].entries()) {
      found.push((await trainer.step(batch(size, i + 1), 1e-2)).loss);
    }
    return { found, lowering: trainer.lowering, state: trainer.state };
  } finally {
    await trainer.dispose();
  }
}

const whole = { what: 'all operators', layers: [], share: 1, of: 'multiply-adds' };

describe('the form of the step', () => {
  test.each([network, normed])(
    'the blocked form of $name trains as the portable one, whatever the batch sizes',
    async (of) => {
      const [auto, portable] = [await losses('auto', undefined, of), await losses('portable', undefined, of)];
      expect(portable.lowering).toEqual({ target: 'portable', reason: 'it was asked for' });
      // Where this CPU has no blocked operators there is nothing to compare, and the report says so.
      if (auto.lowering.target === 'portable') expect(auto.lowering.reason).toMatch(/no blocked operators/);
      else expect(auto.lowering.fallbacks).toEqual([]);
      // Five steps of Adam on sums in another order: about 1e-6 of the loss.
      auto.found.forEach((loss, i) => {
        expect(Math.abs(loss - (portable.found[i] ?? NaN))).toBeLessThan(1e-4);
      });
      expect(auto.state.params).toHaveLength(portable.state.params.length);
      expect(auto.state.buffers).toHaveLength(portable.state.buffers.length);
      auto.state.buffers.forEach((value, i) => {
        expect(Math.abs(value - (portable.state.buffers[i] ?? NaN))).toBeLessThan(1e-4);
      });
    },
  );

  test('a blocked form that gives other numbers is not used, and the report names what differs', async () => {
    let calls = 0;
    const { lowering, found } = await losses('auto', async (model, options) => {
      const session = await createNodeSession(model, options);
      // In order: the probe, then the two forms of the training model.
      const isLowered = ++calls === 3;
      return {
        ...session,
        device: session.device,
        outputNames: session.outputNames,
        dispose: () => session.dispose(),
        run: async (feeds, outputs) => {
          const results = await session.run(feeds, outputs);
          const loss = results['loss'];
          return isLowered && loss !== undefined
            ? { ...results, loss: { ...loss, data: Float32Array.of(9) } }
            : results;
        },
      };
    });
    if (lowering.reason.includes('no blocked operators')) return;
    expect(lowering).toEqual({
      target: 'portable',
      reason: expect.stringMatching(/cpu form of training differs: loss by/) as string,
      fallbacks: [whole],
    });
    expect(found).toEqual((await losses('portable')).found);
  });

  test('a norm that is another in blocks is not clipped at', async () => {
    const createSession: CreateSession = async (model, options) => {
      const session = await createNodeSession(model, options);
      const isClip = session.outputNames.every((name) => /^grad_next\.\d/.test(name));
      return {
        ...{ device: session.device, outputNames: session.outputNames },
        dispose: () => session.dispose(),
        run: async (feeds, outputs) => {
          const results = await session.run(feeds, outputs);
          return isClip
            ? Object.fromEntries(
                Object.entries(results).map(([name, tensor]) => [
                  name,
                  { ...tensor, data: Float32Array.from(tensor.data as Float32Array, (value) => 1.1 * value) },
                ]),
              )
            : results;
        },
      };
    };
    const trainer = await Trainer.create(network, { createSession, clipNorm: 1 });
    await trainer.dispose();
    if (trainer.lowering.reason.includes('no blocked operators')) return;
    expect(trainer.lowering).toEqual({
      target: 'portable',
      reason: expect.stringMatching(/cpu form of clip differs: grad_next by 1\.0e-1/) as string,
      fallbacks: [whole],
    });
  });

  test('a blocked form that does not load is not used', async () => {
    let calls = 0;
    const { lowering } = await losses('auto', async (model, options) => {
      if (++calls === 3) throw new Error('no such kernel');
      return createNodeSession(model, options);
    });
    if (lowering.reason.includes('no blocked operators')) return;
    expect(lowering).toEqual({
      target: 'portable',
      reason: 'the cpu form of training does not run: no such kernel',
      fallbacks: [whole],
    });
  });
});
