import { isPictureDataset, type Augment, type Dataset, type DataSplit } from '../../index.js';
import { writeFileSafely } from '../../files-node.js';
import { defined } from '../../checks.js';
import { countClasses, labelsOf } from '../class-counts.js';
import { defineCommand } from '../command.js';
import { note, print, writeJson } from '../io.js';
import { openDataFor } from '../open-data.js';
import { required, text, whole } from '../options.js';
import { drawSheet } from '../preview/sheet.js';
import { trainingPictures } from '../preview/training-pictures.js';
import { allOptions, optionsOf, specFrom } from '../spec-flags.js';
import { columns, count, counted, field } from '../text.js';
import { reportLines } from '../train/data-report.js';
import { augmentFrom } from '../train/image-options.js';

/** So many classes have a row of the preview. */
const MOST_ROWS = 60;

/** What a data set holds. */
export const dataCommand = defineCommand({
  name: 'data',
  usage: 'data <source>',
  describe: 'Say what a data set holds, draw what the network will see',
  positionals: { source: required(text(allOptions['data']?.describe ?? '')) },
  options: {
    preview: text('PNG file to draw training images to, augmented, with labels and counts'),
    columns: { ...whole('images of each class in the preview', 1), fallback: '8' },
    ...optionsOf('dataOptions', 'seed', 'channels', 'imageSize', 'augment', 'preprocess', 'background'),
  },
  examples: [
    ['data photos/', 'classes, counts, and what is odd'],
    ['data photos/ --preview sheet.png --augment strong --image-size 64', 'what the network will see'],
    ['data photos/ --json', 'for a script'],
  ],
  async run(args, io) {
    const { source, preview } = args;
    const { dataOptions, seed = 0, augment: told, ...spec } = specFrom(args);
    const split = await openDataFor(io, {
      ...spec,
      data: source,
      // A bad picture is what this command is to find, not where it ends.
      dataOptions: { skipBadImages: true, ...dataOptions },
    });
    const parts = await partsOf(split);
    const { classes } = split.train;
    const { skipped = [], bad = [], duplicates = [], warnings = [], valSplit } = split.report ?? {};
    const augment = told === undefined && isPictureDataset(split.train) ? 'standard' : augmentFrom(told);
    if (preview !== undefined) {
      const how = { seed, columns: args.columns ?? 8, ...defined({ augment }) };
      await writeFileSafely(preview, await previewOf(split.train, parts[0]?.labels ?? new Int32Array(), how));
    }
    if (args.json) {
      const counts = parts.map(({ name, set, perClass }): [string, object] => [
        name,
        {
          count: set.count,
          perClass: Object.fromEntries(classes.map((each, i) => [each, perClass[i] ?? 0])),
        },
      ]);
      writeJson(io, {
        ...{ event: 'data', data: source, classes, shape: split.train.shape },
        ...Object.fromEntries(counts),
        ...{ skipped, bad, duplicates, warnings },
        ...defined({ valSplit, preview }),
      });
      return;
    }
    const rows = classes.map((name, i) => [name, ...parts.map(({ perClass }) => count(perClass[i] ?? 0))]);
    const sums = ['all', ...parts.map(({ set }) => count(set.count))];
    const right = parts.map((_, i) => i + 1);
    print(
      io,
      ...field(
        'data',
        `${source}: ${count(classes.length)} ${classes.length === 1 ? 'class' : 'classes'}, images ${split.train.shape.join('x')}`,
      ),
      '',
      ...columns([['class', ...parts.map(({ name }) => name)], ...rows, sums], right),
      ...(preview === undefined ? [] : ['', ...field('preview', preview)]),
    );
    if (split.report !== undefined) for (const line of reportLines(split.report)) note(io, line);
  },
});

interface Part {
  readonly name: string;
  readonly set: Dataset;
  readonly labels: Int32Array;
  /** Images of each class, by its index. */
  readonly perClass: readonly number[];
}

async function partsOf({ train, test, final }: DataSplit): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const [name, set] of Object.entries(final ? { train, val: test, test: final } : { train, test })) {
    const labels = await labelsOf(set);
    parts.push({ name, set, labels, perClass: countClasses(labels, set.classes.length) });
  }
  return parts;
}

/** A sheet with a row for each class: its first images as the first epoch shows them to the network. */
async function previewOf(
  train: Dataset,
  labels: Int32Array,
  { columns: most, ...how }: { readonly columns: number; readonly augment?: Augment; readonly seed: number },
): Promise<Uint8Array> {
  const all = countClasses(labels, train.classes.length);
  const rows = [];
  for (const [i, label] of train.classes.slice(0, MOST_ROWS).entries()) {
    const indices = Array.from(labels.keys())
      .filter((index) => labels[index] === i)
      .slice(0, most);
    const pictures = await trainingPictures(train, indices, how);
    rows.push({ label, note: counted(all[i] ?? 0, 'image'), pictures });
  }
  return drawSheet(rows);
}
