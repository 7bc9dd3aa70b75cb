import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  createTrainingArtifacts,
  decodeSafetensors,
  matchWeights,
  networkOf,
  writeTrainingArtifacts,
} from '../../index.js';
import { readFileBytes } from '../../files-node.js';
import { defined } from '../../checks.js';
import { defineCommand } from '../command.js';
import { print, writeJson } from '../io.js';
import { list, or, preset, required, text, whole } from '../options.js';
import { optionsOf, specFrom } from '../spec-flags.js';
import { bytes, columns, count } from '../text.js';

const purposes: Readonly<Record<string, string>> = {
  'training_model.onnx': 'params, input, target -> loss, correct, grad',
  'eval_model.onnx': 'params, input, target -> loss, correct, logits',
  'optimizer_model.onnx': "params, grad, the optimizer's vectors, lr, step -> the next ones",
  'inference_model.onnx': 'input -> logits, probabilities; the initial weights inside',
  'checkpoint.safetensors': 'the initial weights',
  'manifest.json': 'inputs, outputs, and what lies where in the flat vectors',
};

/** Training artifacts of a preset. */
export const artifacts = defineCommand({
  name: 'artifacts',
  usage: 'artifacts',
  describe: 'Write training artifacts',
  positionals: {},
  options: {
    preset: or(preset, 'mnist-cnn'),
    out: required(text('folder to write to')),
    seed: or(whole('seed of the initial weights', 0), 0),
    init: text('weights to start from instead, a safetensors file'),
    labels: list('labels of the classes in their order'),
    ...optionsOf('optimizer', 'loss', 'classes', 'channels', 'imageSize'),
  },
  examples: [
    ['artifacts --preset mnist-cnn --out artifacts/mnist-cnn', 'to train in Python, C#, Java, on a phone'],
    [
      'artifacts --preset resnet18 --classes 2 --optimizer sgd --momentum 0.9 --out artifacts/pets',
      'for SGD',
    ],
  ],
  async run(args, io) {
    const { init, labels, preset } = args;
    const {
      optimizer,
      loss,
      classes = labels?.length,
      channels,
      imageSize,
    } = specFrom({ ...args, labels: undefined });
    const network = networkOf({ preset, ...defined({ classes, channels, imageSize }) });
    const weights =
      init === undefined
        ? undefined
        : matchWeights(network, decodeSafetensors(await readFileBytes(init), init).tensors, init);
    const made = createTrainingArtifacts(network, {
      seed: args.seed,
      ...defined({ optimizer, loss, classes: labels, weights }),
    });
    const paths = await writeTrainingArtifacts(args.out, made);
    const files = await Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(path)).size })));
    const parameters = made.manifest.parameters.size;
    if (args.json) {
      const { optimizer } = made.manifest;
      writeJson(io, { event: 'done', folder: args.out, network: network.name, parameters, optimizer, files });
      return;
    }
    print(
      io,
      `${network.name}, ${count(parameters)} parameters, in ${args.out}`,
      '',
      ...columns(
        files.map((file) => [basename(file.path), bytes(file.bytes), purposes[basename(file.path)] ?? '']),
        [1],
      ),
      '',
      'For each batch run the training model, then the optimizer model on its params and grad; repeat.',
    );
  },
});
