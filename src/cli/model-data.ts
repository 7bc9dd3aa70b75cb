import {
  isPictureDataset,
  OptionError,
  type Dataset,
  type DataSplit,
  type ModelCard,
  type RunSpec,
} from '../index.js';
import { hasChanged } from '../train/spec/pictures.js';
import { note, type Io } from './io.js';
import { openDataFor } from './open-data.js';
import { choice, or } from './options.js';
import { checkModelFits, openedFor } from './score.js';
import { percent } from './text.js';
import { reportLines } from './train/data-report.js';

const parts = ['test', 'val', 'train', 'all'] as const;

/** Which part of the data a model is tested on. */
export const splitOption = or(
  choice(
    'which part of the data: test; val, where they have one beside it; train; or all, whatever their parts',
    parts,
  ),
  'test',
);

/** Data for a model, as the command line names them. */
export interface ModelData {
  readonly data: string;
  readonly dataOptions: NonNullable<RunSpec['dataOptions']>;
  readonly split: (typeof parts)[number];
}

/**
 * A part of a data set, opened as a model's card says: pictures with its labels, and where the test part is drawn, that of
 * the model's run. What was left out is told.
 *
 * @param where - What errors call the model.
 * @throws OptionError for data that the model is not made for; else as `openData`.
 */
export async function openForModel(
  io: Io,
  { data, dataOptions, split }: ModelData,
  card: ModelCard,
  where: string,
): Promise<Dataset> {
  const { classes } = card;
  const opened = await openDataFor(
    io,
    { data, dataOptions: { ...drawnBy(card), ...dataOptions }, ...openedFor(card) },
    { fallbackClasses: classes, modelClasses: classes, asOne: split === 'all', check: false },
  );
  const { report } = opened;
  if (report !== undefined) {
    // How the classes are spread over the parts is of no interest to a model that is trained.
    for (const line of reportLines({ ...report, warnings: [], duplicates: [] })) note(io, line);
    const { valSplit } = report;
    if (valSplit !== undefined && split !== 'train') {
      note(
        io,
        `note: the data have no parts: ${percent(valSplit.share)} of each class are tested with, drawn with seed ` +
          `${valSplit.seed} (--val-split, --split-seed); --split all takes all`,
      );
      if (hasChanged(card.provenance, opened.train)) {
        note(
          io,
          `note: pictures were added to ${data}, removed or renamed since ${where} was trained, or are drawn in another way: some that ` +
            'it was trained with may be among these, which makes the accuracy look better than it is',
        );
      }
    }
  }
  const set = partOf(opened, split);
  checkModelFits(card, set, where);
  return set;
}

/** How the run drew its test part, where it did: the same pictures are not trained with. */
function drawnBy({ provenance: { valSplit, splitSeed } }: ModelCard): Partial<ModelData['dataOptions']> {
  if (typeof valSplit !== 'number' || typeof splitSeed !== 'number') return {};
  return { valSplit, splitSeed };
}

/** A part by its name; `test` is the one that had no say in the training, where there is one. */
function partOf({ train, test, final }: DataSplit, split: ModelData['split']): Dataset {
  if (split === 'train') return train;
  if (split === 'test') return final ?? test;
  if (split === 'all') return isPictureDataset(train) ? test : joined(train, test);
  if (final !== undefined) return test;
  throw new OptionError(
    `--split val: expected data with train, val and test parts, got ${train.name} without`,
  );
}

/** Both of two data sets. */
function joined(train: Dataset, test: Dataset): Dataset {
  const { name, shape, classes } = train;
  const size = shape[0] * shape[1] * shape[2];
  return {
    ...{ name: name.replace(/\/train$/, '/all'), count: train.count + test.count, shape, classes },
    async read(indices, { pixels, labels }) {
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i] ?? 0;
        const isFirst = index < train.count;
        const into = { pixels: pixels.subarray(i * size), labels: labels.subarray(i) };
        await (isFirst ? train : test).read([isFirst ? index : index - train.count], into);
      }
    },
  };
}
