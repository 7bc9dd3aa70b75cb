import {
  cpuTarget,
  tuneFor,
  type LoadTimed,
  type Tuning,
  type TuningSetup,
} from '../../src/program/index.js';
import { describe, expect, it } from 'vitest';
import { chain, conv, defineNetwork, flatten, linear, relu } from '../../src/net/index.js';

/** Two convolutions with several forms: the second one, forward and back. */
const network = defineNetwork({
  name: 'two-convs',
  input: [1, 12, 12],
  classes: 3,
  net: chain(
    ...[conv(16, 3, { padding: 1 }), relu(), conv(32, 3, { padding: 1 }), relu()],
    ...[conv(4, 3), flatten(), linear(3)],
  ),
});
const forward =
  'Conv 16x16x12x12 to 16x32x12x12, kernel 3x3, stride 1x1, padding 1x1x1x1, copied, blocks of 16';
const backward =
  'ConvInputGrad 16x16x12x12 to 16x32x12x12, kernel 3x3, stride 1x1, padding 1x1x1x1, blocks of 16';

const tune = (setup: TuningSetup): Promise<Tuning> =>
  tuneFor(cpuTarget(16), network, { optimizer: { kind: 'adam' } }, 16, setup);

/** What models of the heuristic's form and of the other one do; those of a convolution are loaded one after the other. */
interface Fake {
  readonly ms?: readonly (readonly number[])[];
  readonly numbers?: readonly number[];
  readonly fails?: boolean;
}

function fake({
  ms = [[1], [1]],
  numbers = [1, 1],
  fails = false,
}: Fake): LoadTimed & { open: number; loads: number } {
  const load = Object.assign(
    ((_model, feeds, results) => {
      const which = load.loads++ % 2;
      if (fails && which === 1) return Promise.reject(new Error('no such kernel'));
      load.open += 1;
      let run = 0;
      expect(Object.keys(feeds)).toHaveLength(2);
      const times = ms[which] ?? [];
      return Promise.resolve({
        run: () => {
          for (const { data } of Object.values(results)) (data as Float32Array).fill(numbers[which] ?? 0);
          return Promise.resolve(times[Math.min(run++, times.length - 1)] ?? 1);
        },
        dispose: () => Promise.resolve(void (load.open -= 1)),
      });
    }) as LoadTimed,
    { open: 0, loads: 0 },
  );
  return load;
}

describe('tuneFor', () => {
  it('takes a form that is at least 3 % faster than the heuristic, and frees all models', async () => {
    const load = fake({ ms: [[10], [9.6]] });
    const { choices, report } = await tune({ known: {}, load });
    expect([load.open, load.loads]).toEqual([0, 4]);
    expect(report.choices).toEqual({
      [forward]: { form: 'narrow', heuristic: 'wide', nodes: 1, ms: { wide: 10, narrow: 9.6 } },
      [backward]: { form: 'wide', heuristic: 'narrow', nodes: 1, ms: { narrow: 10, wide: 9.6 } },
    });
    expect(Object.values(choices).toSorted()).toEqual(['narrow', 'wide']);
    expect(report).toMatchObject({ batchSize: 16, fromCache: 0, fromRun: 0, measured: 2, untuned: 0 });
  });

  it.each([
    { title: 'a smaller gain', ms: [[10], [9.8]] },
    { title: 'a form that takes twice as long', ms: [[10], [25]] },
    // Two runs before the race, then two rounds of one run; the second race starts with the fifth.
    { title: 'a form that wins once and loses then', ms: [[20], [15, 15, 15, 15, 20]] },
    { title: 'a form that wins both races, after the heuristic was as fast', ms: [[15, 15, 20], [15]] },
  ])('keeps the heuristic for $title', async ({ ms }) => {
    const { report } = await tune({ known: {}, load: fake({ ms }) });
    expect(report.choices[forward]?.form).toBe('wide');
    expect(report.choices[backward]?.form).toBe('narrow');
  });

  it('ends a race after two rounds where a form is far behind', async () => {
    // 2 ms: a race may have four rounds of two runs. Two forms of two convolutions, two runs each before the race.
    const runs = async (other: number): Promise<number> => {
      let count = 0;
      const load = fake({ ms: [[2], [other]] });
      const counting: LoadTimed = async (...args) => {
        const model = await load(...args);
        return { ...model, run: () => model.run().finally(() => (count += 1)) };
      };
      await tune({ known: {}, load: counting });
      return count;
    };
    expect(await runs(2.1)).toBe(2 * 2 * (2 + 4 * 2));
    expect(await runs(2.9)).toBe(2 * 2 * (2 + 2 * 2));
  });

  it('never takes a form with other numbers or one that does not run, and says so', async () => {
    const wrong = await tune({ known: {}, load: fake({ ms: [[10], [1]], numbers: [1, 1.001] }) });
    expect(wrong.report.choices[forward]).toMatchObject({
      form: 'wide',
      rejected: { narrow: 'its numbers differ by 1.0e-3 of the largest' },
    });
    const failing = fake({ ms: [[10], [1]], fails: true });
    const broken = await tune({ known: {}, load: failing });
    expect(broken.report.choices[forward]).toMatchObject({
      form: 'wide',
      rejected: { narrow: 'no such kernel' },
    });
    expect(failing.open).toBe(0);
  });

  it('measures the largest first, and stops when the time is over', async () => {
    let clock = 0;
    const load = fake({});
    const now = (): number => (load.loads > 0 ? (clock += 60) : clock);
    const { choices, report } = await tune({ known: {}, load, budget: 50, now });
    expect(Object.keys(report.choices)).toEqual([forward]);
    expect(report).toMatchObject({ measured: 1, untuned: 1 });
    expect(Object.keys(choices)).toHaveLength(1);
    const none = await tune({ known: {}, load, budget: 0 });
    expect(none).toMatchObject({ choices: {}, report: { measured: 0, untuned: 2 } });
  });

  it('measures what is not known, and what is known in a form that there is not', async () => {
    const load = fake({ ms: [[10], [5]] });
    const { report } = await tune({ known: { [forward]: 'wide', [backward]: 'pixel' }, load });
    expect(report).toMatchObject({ fromCache: 1, measured: 1, untuned: 0 });
    expect(report.choices).toMatchObject({
      [forward]: { form: 'wide', heuristic: 'wide' },
      [backward]: { form: 'wide', heuristic: 'narrow' },
    });
    expect(report.choices[forward]?.ms).toBeUndefined();
  });

  it('measures nothing for a run that goes on', async () => {
    const { choices, report } = await tune({ known: { [backward]: 'wide' } });
    expect(Object.values(choices)).toEqual(['wide']);
    expect(report).toMatchObject({ fromRun: 1, fromCache: 0, measured: 0, untuned: 1 });
  });
});
