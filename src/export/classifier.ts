import type { TensorData, CreateSession, DeviceReport, Session, SessionOptions } from '../program/index.js';
import { cardFromMetadata, type ModelCard } from '../artifacts/model-card.js';
import { DataError, ModelError } from '../errors.js';
import { readInterface } from '../onnx/read-interface.js';

/** One label with the probability that the classifier gives it. */
export interface LabelProbability {
  readonly label: string;
  /** Class index. */
  readonly index: number;
  /** 0 to 1; over all labels they sum to 1. */
  readonly probability: number;
}

/** What a classifier says of one image. */
export interface Prediction {
  /** The most probable label. */
  readonly label: string;
  /** Of that label, 0 to 1. */
  readonly probability: number;
  /** All labels, the most probable first. */
  readonly probabilities: readonly LabelProbability[];
  /** The network's outputs before the softmax, by class index. */
  readonly logits: Float32Array;
}

/** Pixels 0..255, laid out [channels, height, width]. */
export interface PixelImage {
  /** 0 to 255, [channels, height, width]. */
  readonly pixels: Uint8Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * A classifier exported by ort-train, loaded into ONNX Runtime. Holds native memory: call `dispose` when done.
 *
 * @example
 * const classifier = await Classifier.load(bytes, 'model.onnx', createNodeSession);
 * const { label, probability } = await classifier.classify(image);
 */
export class Classifier {
  readonly card: ModelCard;
  readonly #session: Session;

  /** @param session - Has an input `input` [N, ...card.input] and an output `logits` [N, classes]. */
  static over(card: ModelCard, session: Session): Classifier {
    return new Classifier(card, session);
  }

  private constructor(card: ModelCard, session: Session) {
    this.card = card;
    this.#session = session;
  }

  /** Throws ModelError for bytes that are no classifier of ort-train's, DeviceError as `createSession`. */
  static async load(
    bytes: Uint8Array,
    where: string,
    createSession: CreateSession,
    options: SessionOptions = {},
  ): Promise<Classifier> {
    const { metadata, inputs, outputs } = readInterface(bytes, where);
    const card = cardFromMetadata(metadata, where);
    const [, channels, height, width] = inputs.find(({ name }) => name === 'input')?.shape ?? [];
    const fits = [channels, height, width].every((size, i) => size === card.input[i]);
    if (!fits || !outputs.some(({ name }) => name === 'logits')) {
      throw new ModelError(
        `${where}: expected an input 'input' [N,${card.input.join(',')}] and an output 'logits', ` +
          `got ${inputs.map(({ name, shape }) => `${name} [${shape.join(',')}]`).join(', ')} -> ` +
          outputs.map(({ name }) => name).join(', '),
      );
    }
    const classes = outputs.find(({ name }) => name === 'logits')?.shape[1];
    if (classes !== card.classes.length) {
      throw new ModelError(
        `${where}: expected logits of ${card.classes.length} classes, as the labels say, got ${String(classes)}`,
      );
    }
    return new Classifier(card, await createSession(bytes, options));
  }

  get device(): DeviceReport {
    return this.#session.device;
  }

  /** Labels and probabilities of one image. Throws DataError for an image of another size. */
  async classify(image: PixelImage): Promise<Prediction> {
    const [prediction] = await this.classifyAll([image]);
    if (prediction === undefined) throw new ModelError('the model gave no prediction');
    return prediction;
  }

  /** Labels and probabilities of several images, in one run. */
  async classifyAll(images: readonly PixelImage[]): Promise<readonly Prediction[]> {
    if (images.length === 0) return [];
    const [channels, height, width] = this.card.input;
    const size = channels * height * width;
    const data = new Float32Array(images.length * size);
    images.forEach((image, i) => {
      if (
        image.channels !== channels ||
        image.height !== height ||
        image.width !== width ||
        image.pixels.length !== size
      ) {
        throw new DataError(
          `image ${i}: expected ${channels}x${height}x${width} pixels, got ${image.channels}x${image.height}x${image.width}` +
            (image.pixels.length === image.channels * image.height * image.width
              ? ''
              : ` in ${image.pixels.length} bytes`),
        );
      }
      data.set(this.#normalize(image.pixels), i * size);
    });
    const input: TensorData = { dtype: 'float32', shape: [images.length, channels, height, width], data };
    const { logits } = await this.#session.run({ input }, ['logits']);
    if (!(logits?.data instanceof Float32Array)) throw new ModelError("the model gave no float32 'logits'");
    const classes = this.card.classes.length;
    const all = logits.data;
    return images.map((_, i) => toPrediction(all.slice(i * classes, (i + 1) * classes), this.card.classes));
  }

  /** Frees the runtime's memory. */
  async dispose(): Promise<void> {
    await this.#session.dispose();
  }

  /** x = (pixel / 255 - mean) / std, rounded to float32 at each step as in training. */
  #normalize(pixels: Uint8Array): Float32Array {
    const { mean, std } = this.card.normalization;
    const area = pixels.length / mean.length;
    const f = Math.fround;
    return Float32Array.from(pixels, (pixel, i) => {
      const c = Math.floor(i / area);
      return f(f(pixel / 255) - f(mean[c] ?? 0)) / f(std[c] ?? 1);
    });
  }
}

function toPrediction(logits: Float32Array, classes: readonly string[]): Prediction {
  const most = Math.max(...logits);
  const exps = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = exps.reduce((total, value) => total + value, 0);
  const probabilities = classes
    .map((label, index) => ({ label, index, probability: (exps[index] ?? 0) / sum }))
    .sort((a, b) => b.probability - a.probability);
  const [best] = probabilities;
  return { label: best?.label ?? '', probability: best?.probability ?? 0, probabilities, logits };
}
