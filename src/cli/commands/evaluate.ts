import { loadClassifier } from '../../index.js';
import { defined } from '../../checks.js';
import { defineCommand } from '../command.js';
import { confusionLines } from '../confusion.js';
import { note, print, widthOf, writeJson } from '../io.js';
import { openForModel, splitOption } from '../model-data.js';
import { or, required, text, whole } from '../options.js';
import { score, startsWith } from '../score.js';
import { allOptions, optionsOf, specFrom } from '../spec-flags.js';
import { counted, field, percent } from '../text.js';

/** Accuracy and loss of a model on a data set. */
export const evaluate = defineCommand({
  name: 'evaluate',
  usage: 'evaluate <model>',
  describe: 'Test a model on a data set',
  positionals: { model: required(text('an .onnx file that ort-train wrote')) },
  options: {
    data: required(text(allOptions['data']?.describe ?? '')),
    split: splitOption,
    batchSize: or(whole('images in a run of the model', 1), 128),
    ...optionsOf('dataOptions', 'devices', 'threads'),
  },
  examples: [
    ['evaluate runs/mnist-cnn-digits/model.onnx --data mnist', 'on the test images of MNIST'],
    ['evaluate model.onnx --data photos', 'on the test part of class folders, or the one that the run drew'],
    ['evaluate model.onnx --data new-photos --split all --json', 'on all pictures, for a script'],
  ],
  async run(args, io) {
    const { devices, threads, dataOptions = {} } = specFrom(args);
    const classifier = await loadClassifier(args.model, defined({ devices, threads }));
    try {
      const { data, split } = args;
      const { card } = classifier;
      const { classes } = card;
      const set = await openForModel(io, { data, split, dataOptions }, card, args.model);
      if (!startsWith(card.classes, set.classes)) {
        note(
          io,
          `note: the model's labels (${card.classes.join(', ')}) are not those of the data ` +
            `(${set.classes.join(', ')}); they are compared by their place`,
        );
      }
      const { accuracy, loss, count, correct, confusion } = await score(classifier, set, args);
      if (args.json) {
        const common = { model: args.model, data: set.name, device: classifier.device.chosen };
        writeJson(io, { event: 'done', accuracy, loss, count, correct, ...common, classes, confusion });
        return;
      }
      print(
        io,
        ...field('model', `${args.model} (${card.network})`),
        ...field('data', `${set.name}, ${counted(count, 'image')}`),
        ...field('accuracy', `${percent(accuracy)}, ${correct} of ${count}`),
        ...field('loss', loss.toFixed(4)),
        '',
        ...confusionLines(confusion, card.classes, widthOf(io.stdout)),
      );
    } finally {
      await classifier.dispose();
    }
  },
});
