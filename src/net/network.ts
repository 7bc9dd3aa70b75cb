import { checkWholes } from '../checks.js';
import { assert, OptionError, ShapeError } from '../errors.js';
import { formatShape, type Shape, type Value } from '../ir/index.js';
import { Builder } from '../ops/index.js';
import { randomSource, type Initializer } from './init.js';
import type { LayerContext, Net, StateSpec } from './net.js';

/** A network: what goes in, what comes out, and the layers between. */
export interface Network {
  readonly name: string;
  /** Channels, height and width of an input image. */
  readonly input: readonly [channels: number, height: number, width: number];
  readonly classes: number;
  readonly net: Net;
  /** Every parameter and buffer, in the order in which the layers make them. */
  readonly state: readonly StateSpec[];
}

/** What `defineNetwork` takes. */
export interface NetworkDescription {
  readonly name: string;
  /** Shape of one image. */
  readonly input: readonly [channels: number, height: number, width: number];
  readonly classes: number;
  /** From [N, channels, height, width] to [N, classes], the logits. */
  readonly net: Net;
}

/**
 * Names that a tensor cannot have, and whose they are: tensors keep their names in checkpoints and in the inference model,
 * so that neither side can give way. All other names are free, also those of ort-train's own values.
 */
const reserved: Readonly<Record<string, string>> = {
  ...{
    input: 'of the inference model',
    logits: 'of the inference model',
    probabilities: 'of the inference model',
  },
  ...{ 'optimizer.first_moment': 'of checkpoints', 'optimizer.second_moment': 'of checkpoints' },
  ...{ 'optimizer.momentum': 'of checkpoints', __metadata__: 'of the safetensors format' },
};

/**
 * A network from its layers. Throws ShapeError if the layers do not fit one another or do not end in [N, classes],
 * OptionError where two tensors have one name, or one has a name that checkpoints and exported models need themselves:
 * `input`, `logits`, `probabilities`, `__metadata__`, `optimizer.momentum`, `optimizer.first_moment` and
 * `optimizer.second_moment`.
 *
 * @example
 * const network = defineNetwork({
 *   name: 'tiny', input: [1, 28, 28], classes: 10,
 *   net: chain(conv(8, 5), relu(), globalAveragePool(), linear(10)),
 * });
 */
export function defineNetwork(description: NetworkDescription): Network {
  const { name, input, classes, net } = description;
  const [channels, height, width] = input;
  checkWholes(`network ${name}: `, { channels, height, width, classes }, 1);
  const state: StateSpec[] = [];
  const b = new Builder();
  const x = b.input('input', 'float32', ['N', ...input]);
  const take = (spec: StateSpec): Value => {
    if (state.some((other) => other.name === spec.name)) {
      throw new OptionError(
        `network ${name}: two tensors are called '${spec.name}'; give one layer another name`,
      );
    }
    checkName(name, spec.name);
    state.push(spec);
    return b.input(`state.${spec.name}`, 'float32', spec.shape);
  };
  const step = (): Value => b.input('step', 'float32', []);
  const logits = buildLayers(b, net, x, { training: true, take, step, update: () => undefined });
  const expected: Shape = ['N', classes];
  if (formatShape(logits.shape) !== formatShape(expected)) {
    throw new ShapeError(
      `network ${name}: expected logits ${formatShape(expected)}, got ${formatShape(logits.shape)}`,
    );
  }
  return { name, input, classes, net, state };
}

/** Throws OptionError for a tensor's name that checkpoints or exported models cannot hold. */
function checkName(network: string, name: string): void {
  const owner = Object.hasOwn(reserved, name) ? reserved[name] : undefined;
  const problem =
    owner !== undefined
      ? `is a name ${owner} itself`
      : name === ''
        ? 'is empty'
        : /\p{Surrogate}/u.test(name)
          ? 'holds half a surrogate pair'
          : undefined;
  if (problem === undefined) return;
  throw new OptionError(
    `network ${network}: a tensor's name, '${name}', ${problem}; give its layer another name`,
  );
}

/** How `buildLayers` gets parameters and buffers. */
export interface BuildOptions {
  readonly training: boolean;
  /** The value of a parameter or buffer. */
  readonly take: (spec: StateSpec) => Value;
  /** Number of the step, float32 scalar; called at most once, by layers that draw random numbers. */
  readonly step?: () => Value;
  /** Names of the tensors that training leaves alone; default none. */
  readonly frozen?: ReadonlySet<string>;
  /** Called with the value that a buffer has after the step. */
  readonly update: (name: string, value: Value) => void;
}

/** Adds the nodes of a network to a builder and returns its logits; what is frozen in the network is frozen here. */
export function buildNetwork(b: Builder, network: Network, x: Value, options: BuildOptions): Value {
  return buildLayers(b, network.net, x, { frozen: frozenNames(network), ...options });
}

/** Names of the tensors of a network that training leaves alone. */
export function frozenNames(network: Network): ReadonlySet<string> {
  return new Set(network.state.filter(({ frozen }) => frozen).map(({ name }) => name));
}

/** Adds the nodes of a net to a builder and returns its result. */
function buildLayers(b: Builder, net: Net, x: Value, options: BuildOptions): Value {
  const { training, take, update, frozen = new Set<string>() } = options;
  const counters = new Map<string, number>();
  /** Layers that the user named: generated numbers give way to them. */
  const given = new Set<string>();
  const path = (name: string): string => (b.layer === '' ? name : `${b.layer}.${name}`);
  const state =
    (kind: StateSpec['kind']) =>
    (name: string, shape: readonly number[], init: Initializer): Value =>
      take({ kind, name: path(name), shape, init, frozen: frozen.has(path(name)) });
  let step: Value | undefined;
  const context: LayerContext = {
    b,
    training,
    parameter: state('parameter'),
    buffer: state('buffer'),
    isFrozen: (name) => frozen.has(path(name)),
    step() {
      step ??= options.step?.();
      assert(step, `layer ${b.layer} needs the number of the step, which this graph does not have`);
      return step;
    },
    update: (name, value) => {
      update(path(name), value);
    },
    layer(kind, name, body) {
      if (name !== undefined) {
        given.add(path(name));
        return b.scope(name, body);
      }
      let count = (counters.get(path(kind)) ?? 0) + 1;
      while (given.has(path(`${kind}${count}`))) count++;
      counters.set(path(kind), count);
      return b.scope(`${kind}${count}`, body);
    },
  };
  return net.build(context, x);
}

/**
 * Throws ShapeError if a training step on this many images is impossible: batch normalisation needs more than one value a
 * channel, so that one image whose last feature maps have one pixel is too few. The graphs leave the batch size
 * open, so this is checked once it is known.
 *
 * @example
 * checkTrainingBatch(resnet(18, { imageSize: 32 }), 1); // throws: layer layer4.0.bn1: ...
 */
export function checkTrainingBatch(network: Network, batch: number): void {
  const b = new Builder();
  buildNetwork(b, network, b.input('input', 'float32', [batch, ...network.input]), {
    training: true,
    take: ({ name, shape }) => b.input(`state.${name}`, 'float32', shape),
    step: () => b.input('step', 'float32', []),
    update: () => undefined,
  });
}

/**
 * Fresh values of a network's parameters and buffers, by name, from one seed. They are written to the arrays that
 * `allocate` gives, by default new ones.
 *
 * @example
 * const weights = initialState(mnistCnn(), 0);
 * weights.get('conv1.weight')?.length; // 32 * 1 * 5 * 5
 */
export function initialState(
  network: Network,
  seed: number,
  allocate: (spec: StateSpec) => Float32Array = ({ shape }) =>
    new Float32Array(shape.reduce((product, dim) => product * dim, 1)),
): ReadonlyMap<string, Float32Array> {
  const random = randomSource(seed);
  return new Map(
    network.state.map((spec) => {
      const data = allocate(spec);
      spec.init.fill(data, random);
      return [spec.name, data] as const;
    }),
  );
}
