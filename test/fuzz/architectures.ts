import { buildGraph } from '../../src/program/index.js';
import { OptionError, ShapeError } from '../../src/errors.js';
import {
  add,
  averagePool,
  batchNorm,
  chain,
  conv,
  defineNetwork,
  dropout,
  flatten,
  freeze,
  gelu,
  globalAveragePool,
  identity,
  linear,
  maxPool,
  relu,
  silu,
  type Net,
} from '../../src/net/index.js';
import { Draw } from './draw.js';
import type { FuzzCase } from './fuzz-case.js';
import { concatOf, gate, shuffle, wild } from './layers.js';

/** What goes into a drawn network, and its layers up to the head. */
interface Drawn {
  readonly input: readonly [channels: number, height: number, width: number];
  readonly body: readonly Net[];
}

const width = (d: Draw): number => d.pick([3, 4, 6, 8, 12, 16, 20, 32]);
const square = (d: Draw): Drawn['input'] => {
  const size = d.int(5, 14);
  return [d.pick([1, 2, 3, 3, 4]), size, d.chance(70) ? size : d.int(5, 14)];
};
const padded = (channels: number, kernel = 3, options: Parameters<typeof conv>[2] = {}): Net =>
  conv(channels, kernel, { padding: Math.floor(kernel / 2), ...options });
const unit = (d: Draw, channels: number, options: Parameters<typeof conv>[2] = {}, kernel = 3): Net =>
  chain(
    padded(channels, kernel, { bias: false, ...options }),
    batchNorm(),
    d.pick([relu(), relu(), relu(), silu()]),
  );
const repeat = (d: Draw, most: number, make: () => Net): Net[] => d.list(d.int(1, most), make);

/** ResNet's basic block; a projection where the shape changes. */
function residual(d: Draw, channels: number, stride: number, projected: boolean): Net {
  const path = chain(unit(d, channels, { stride }), padded(channels, 3, { bias: false }), batchNorm());
  const shortcut = projected ? chain(conv(channels, 1, { stride, bias: false }), batchNorm()) : identity();
  return chain(add(path, shortcut), relu());
}

const preactivation = (channels: number): Net =>
  add(
    chain(batchNorm(), relu(), padded(channels, 3, { bias: false }), batchNorm(), relu(), padded(channels)),
    identity(),
  );

const invertedResidual = (d: Draw, channels: number, kernel: number): Net => {
  const inner = channels * d.int(2, 4);
  const path = [unit(d, inner, {}, 1), unit(d, inner, { groups: inner }, kernel)];
  return add(chain(...path, ...(d.chance(40) ? [gate(4)] : []), conv(channels, 1), batchNorm()), identity());
};

/** The kinds of architecture, each with its own generator. */
export const architectures: Readonly<Record<string, (d: Draw) => Drawn>> = {
  plain: (d) => ({
    input: square(d),
    body: repeat(d, 3, () =>
      d.chance(50) ? unit(d, width(d)) : chain(padded(width(d), d.pick([1, 3, 5])), relu()),
    ),
  }),
  residual: (d) => {
    const c = width(d);
    const blocks = repeat(d, 2, () => residual(d, c, 1, false));
    return { input: square(d), body: [unit(d, c), ...blocks, residual(d, width(d), d.int(1, 2), true)] };
  },
  bottleneck: (d) => {
    const c = width(d);
    const inner = Math.max(2, c / 2);
    const block = (stride: number, out: number): Net => {
      const path = [
        unit(d, inner, {}, 1),
        unit(d, inner, { stride }),
        conv(out, 1, { bias: false }),
        batchNorm(),
      ];
      const shortcut = stride === 1 && out === c ? identity() : conv(out, 1, { stride });
      return chain(add(chain(...path), shortcut), relu());
    };
    return { input: square(d), body: [unit(d, c), block(1, c), block(d.int(1, 2), 2 * c)] };
  },
  preactivation: (d) => {
    const c = width(d);
    return {
      input: square(d),
      body: [padded(c), ...repeat(d, 2, () => preactivation(c)), batchNorm(), relu()],
    };
  },
  squeezeExcitation: (d) => {
    const c = width(d);
    const block = (): Net =>
      chain(add(chain(unit(d, c), padded(c), batchNorm(), gate(d.int(1, 4))), identity()), relu());
    return { input: square(d), body: [unit(d, c), ...repeat(d, 2, block)] };
  },
  densenet: (d) => {
    const growth = d.pick([3, 4, 12, 16]);
    const block = (): Net =>
      concatOf(identity(), chain(batchNorm(), relu(), padded(growth, 3, { bias: false })));
    const transition = [batchNorm(), relu(), conv(width(d), 1), averagePool(2)];
    return {
      input: square(d),
      body: [padded(width(d)), ...repeat(d, 3, block), ...(d.chance(50) ? transition : [])],
    };
  },
  resnext: (d) => {
    const groups = d.pick([2, 4, 8]);
    const inner = groups * d.pick([1, 2, 3, 4, 8]);
    const c = width(d);
    const path = [
      unit(d, inner, {}, 1),
      unit(d, inner, { groups, stride: 1 }),
      conv(c, 1, { bias: false }),
      batchNorm(),
    ];
    const strided = d.chance(50)
      ? [unit(d, inner, { groups: 1, stride: 2 }), unit(d, inner, { groups, stride: d.int(1, 2) })]
      : [];
    return {
      input: square(d),
      body: [unit(d, c), chain(add(chain(...path), identity()), relu()), ...strided],
    };
  },
  dilated: (d) => ({
    input: square(d),
    body: repeat(d, 3, () => {
      const dilation = d.int(1, 3);
      return unit(d, width(d), { dilation, padding: dilation, stride: d.pick([1, 1, 2]) });
    }),
  }),
  depthwise: (d) => {
    const c = width(d);
    const separable = (): Net =>
      chain(unit(d, c, { groups: c, stride: d.pick([1, 1, 2]) }, d.pick([3, 3, 5])), unit(d, c, {}, 1));
    return { input: square(d), body: [unit(d, c), ...repeat(d, 3, separable)] };
  },
  invertedResidual: (d) => {
    const c = width(d);
    return {
      input: square(d),
      body: [unit(d, c), ...repeat(d, 2, () => invertedResidual(d, c, d.pick([3, 5])))],
    };
  },
  convnext: (d) => {
    const c = width(d);
    const block = (): Net =>
      add(chain(padded(c, 7, { groups: c }), batchNorm(), conv(2 * c, 1), gelu(), conv(c, 1)), identity());
    return { input: square(d), body: [conv(c, 2, { stride: 2 }), ...repeat(d, 2, block)] };
  },
  shuffle: (d) => {
    const groups = d.pick([2, 4]);
    const c = groups * d.pick([2, 3, 4, 8]);
    const block = (): Net =>
      chain(unit(d, c, { groups }, 1), shuffle(groups), unit(d, c, { groups: c }), unit(d, c, { groups }, 1));
    return { input: square(d), body: [unit(d, c), ...repeat(d, 2, () => add(block(), identity()))] };
  },
  inception: (d) => {
    const branches = (): Net =>
      concatOf(
        unit(d, width(d), {}, 1),
        unit(d, width(d), {}, 5),
        chain(maxPool(3, { stride: 1, padding: 1 }), unit(d, width(d), {}, 1)),
      );
    return { input: square(d), body: repeat(d, 2, branches) };
  },
  stem: (d) => {
    const size = d.int(12, 22);
    const pool = d.pick([
      maxPool(3, { stride: 2, padding: 1 }),
      maxPool(2),
      maxPool(3),
      maxPool(2, { stride: 1 }),
      averagePool(3),
    ]);
    const first = d.pick([7, 5, 3]);
    const c = width(d);
    const body = [unit(d, c, { stride: d.int(1, 2) }, first), pool, residual(d, c, 1, false)];
    return { input: [d.pick([1, 3, 5]), size, d.chance(50) ? size : d.int(12, 22)], body };
  },
  rows: (d) => ({
    input: [
      d.pick([1, 2, 3, 8]),
      ...(d.chance(50) ? ([1, d.int(4, 20)] as const) : ([d.int(4, 20), 1] as const)),
    ],
    body: repeat(d, 3, () => unit(d, width(d), { stride: d.pick([1, 1, 2]) }, d.pick([3, 5, 7]))),
  }),
  tiny: (d) => {
    const c = width(d);
    const blocks = repeat(d, 3, () =>
      d.pick([unit(d, c), unit(d, c, {}, 7), residual(d, c, 1, false), chain(padded(c, 5), relu())]),
    );
    return {
      input: [d.pick([1, 2, 3, 4, 15, 16]), d.int(1, 3), d.int(1, 3)],
      body: [unit(d, c, {}, d.pick([3, 7])), ...blocks],
    };
  },
  wild: (d) => ({ input: square(d), body: [wild(d.int(0, 2 ** 30))] }),
};

/** A case of one kind of architecture: its training model. Draws again where what was drawn does not fit together. */
export function architectureCase(kind: string, d: Draw): FuzzCase {
  const draw = architectures[kind];
  if (draw === undefined) throw new TypeError(`no architecture ${kind}`);
  for (;;) {
    const seed = d.int(0, 2 ** 30);
    try {
      return networkCase(kind, seed, draw(new Draw(seed, 1)), new Draw(seed, 2));
    } catch (error) {
      // A window that does not fit into what is left of the image, or one value a channel.
      if (!(error instanceof ShapeError) && !(error instanceof OptionError)) throw error;
    }
  }
}

function networkCase(kind: string, seed: number, { input, body }: Drawn, d: Draw): FuzzCase {
  const classes = d.int(2, 11);
  const end = d.chance(70) ? [globalAveragePool()] : [flatten()];
  const head = [...end, ...(d.chance(20) ? [dropout(0.3)] : []), linear(classes, { name: 'head' })];
  const whole = defineNetwork({ name: `fuzz-${kind}`, input, classes, net: chain(...body, ...head) });
  const layers = [...new Set(whole.state.map(({ name }) => name.split('.')[0] ?? ''))];
  const network = d.chance(20) ? freeze(whole, d.shuffled(layers.slice(0, -1)).slice(0, d.int(0, 2))) : whole;
  const batch = d.pick([1, 2, 3, 4, 7, 16]);
  const loss = d.pick([{}, {}, { labelSmoothing: 0.1 }, { reduction: 'sum' as const }]);
  // A fixed batch too: batch norm refuses one value a channel when it knows.
  buildGraph(network, 'training', { optimizer: { kind: 'sgd' }, loss, batch });
  const graph = buildGraph(network, 'training', { optimizer: { kind: 'sgd' }, loss });
  const labels = graph.nodes.map(({ op }) => op.name).filter((name) => name === 'Conv').length;
  const name = `${kind} ${seed}: ${input.join('x')}, batch ${batch}, ${labels} convolutions, ${describe(network.net)}`;
  return { name, kind, graph, grads: { grad: 'params' }, batch, network };
}

/** A net in one line. */
function describe({ kind, label, children }: Net): string {
  if (children.length === 0) return label;
  const inner = children.map(describe).join(', ');
  return kind === 'chain' ? inner : `${kind}(${inner})`;
}
