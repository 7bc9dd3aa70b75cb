import {
  DataError,
  describeTransforms,
  loadClassifier,
  OptionError,
  readImages,
  UserError,
  type Dataset,
  type NodeClassifier,
  type Prediction,
  type TransformSpec,
} from '../../index.js';
import { defined } from '../../checks.js';
import { defineCommand } from '../command.js';
import { note, print, widthOf, writeJson, type Io } from '../io.js';
import { openForModel, splitOption } from '../model-data.js';
import { flag, or, required, text, whole, type Option } from '../options.js';
import { allOptions, optionsOf, specFrom } from '../spec-flags.js';
import { bar, percent } from '../text.js';

const paths: Option<readonly string[]> = {
  describe: 'PNG, JPEG, WebP, GIF, AVIF, TIFF, BMP or SVG files',
  parse: (given) => [given ?? []].flat().map(String),
};

/** What a model classifies images as. */
export const predict = defineCommand({
  name: 'predict',
  usage: 'predict <model> [images..]',
  describe: 'Classify images',
  positionals: { model: required(text('an .onnx file that ort-train wrote')), images: paths },
  options: {
    data: text(`take the image from a data set: ${allOptions['data']?.describe ?? ''}`),
    index: whole('which image of the data set, from 0', 0),
    split: splitOption,
    top: { ...whole('how many labels to show', 1), fallback: '3, with --json all' },
    resize: or(
      flag(
        'scale images of another size, without keeping their proportions, for a model that does not say how',
      ),
      false,
    ),
    invert: or(flag('turn dark into light, for ink on white paper'), false),
    ...optionsOf('dataOptions', 'devices', 'threads'),
  },
  examples: [
    ['predict model.onnx cat.jpg', 'a picture of any size, for a model trained on pictures'],
    ['predict model.onnx digit.png', 'light ink on black, 28x28, for one trained on MNIST'],
    ['predict model.onnx scan.jpg --resize --invert', 'a photograph of dark ink on paper'],
    ['predict model.onnx *.png --json', 'a line for each; one that cannot be read does not stop the rest'],
    ['predict model.onnx --data mnist --index 7', 'a test image of MNIST, with its true label'],
  ],
  async run(args, io) {
    const { images, data, index } = args;
    if (data === undefined && index !== undefined)
      throw new OptionError('--index: it needs --data, got none');
    if ((data === undefined) === (images.length === 0)) {
      throw new OptionError(
        `image: expected image files or --data with --index, got ${data === undefined ? 'neither' : 'both'}`,
      );
    }
    const { devices, threads, dataOptions = {} } = specFrom(args);
    const classifier = await loadClassifier(args.model, defined({ devices, threads }));
    try {
      const top = args.top ?? (args.json ? Infinity : 3);
      const show = (shown: Shown): void => {
        if (args.json) writeJson(io, jsonOf(shown, top));
        else print(io, ...linesOf(shown, top, io));
      };
      if (data === undefined) {
        const { preprocessing } = classifier.card;
        if (args.resize && preprocessing !== undefined) {
          // They were checked when the model was loaded.
          const what = describeTransforms(preprocessing.transforms as readonly TransformSpec[]);
          note(io, `note: --resize is not needed: a picture is ${what}, as ${args.model} says`);
        }
        let status = 0;
        for (const image of images) {
          try {
            show({ image, ...(await classifier.predict(image, args)) });
          } catch (error) {
            if (!(error instanceof UserError)) throw error;
            status = 2;
            const { code, message } = error;
            if (args.json) writeJson(io, { event: 'error', image, code, message });
            else note(io, `error: ${message}`);
          }
        }
        return status;
      }
      const { split } = args;
      const set = await openForModel(io, { data, split, dataOptions }, classifier.card, args.model);
      show(await predictAt(classifier, set, index ?? 0));
      return 0;
    } finally {
      await classifier.dispose();
    }
  },
});

interface Shown extends Prediction {
  /** Path of the file, or data set and index. */
  readonly image: string;
  /** What it is, if that is known. */
  readonly truth?: string;
}

async function predictAt(classifier: NodeClassifier, set: Dataset, index: number): Promise<Shown> {
  if (index >= set.count) {
    throw new OptionError(`--index: expected at most ${set.count - 1} in ${set.name}, got ${index}`);
  }
  const [image] = await readImages(set, [index]);
  if (image === undefined) throw new DataError(`data ${set.name}: expected image ${index}, got none`);
  const { label } = image;
  const prediction = await classifier.predict(image);
  return {
    image: `${set.name}[${index}]`,
    truth: classifier.card.classes[label] ?? String(label),
    ...prediction,
  };
}

function jsonOf(
  { image, truth, label, probability, probabilities }: Shown,
  top: number,
): Record<string, unknown> {
  return {
    event: 'prediction',
    image,
    label,
    probability,
    ...(truth !== undefined && { truth, correct: truth === label }),
    probabilities: probabilities.slice(0, top),
  };
}

function linesOf({ image, truth, label, probabilities }: Shown, top: number, io: Io): string[] {
  const shown = probabilities.slice(0, top);
  const width = Math.max(...shown.map((each) => each.label.length));
  const room = Math.min(40, Math.max(10, widthOf(io.stdout) - width - 14));
  const verdict = truth === undefined ? '' : truth === label ? ', which is correct' : `, but it is ${truth}`;
  return [
    `${image}: ${label}${verdict}`,
    ...shown.map(
      (each) =>
        `  ${each.label.padEnd(width)}  ${bar(each.probability, room)}  ${percent(each.probability).padStart(8)}`,
    ),
  ];
}
