import { openFiles, type DataSplit, type FileSource, type WorkerRun } from 'ort-train';
import { foundIn, perClass } from './data-text.js';
import { count, plural } from './format.js';
import { digitShape, type DataShape, type OwnData } from './settings.js';

const digits: readonly string[] = Array.from({ length: 10 }, (_, digit) => String(digit));

/** What image files become, where a folder of them is given: as the embedded digits are. Bad ones are named, not fatal. */
const images = {
  channels: 1,
  imageSize: 28,
  preprocess: [{ name: 'resize', size: [28, 28] }],
  skipBadImages: true,
} as const;

/** What the next training trains on: the embedded digits, or a data set of the user's. */
export class TrainingData {
  #split: DataSplit | undefined;

  /** Absent for the embedded digits, which are drawn in the worker. */
  get split(): DataSplit | undefined {
    return this.#split;
  }

  get shape(): DataShape {
    if (this.#split === undefined) return digitShape;
    const {
      shape: [channels, height, width],
      classes,
    } = this.#split.train;
    return { channels, imageSize: [height, width], classes: classes.length };
  }

  get classes(): readonly string[] {
    return this.#split?.train.classes ?? digits;
  }

  /** For people; undefined for the embedded digits. */
  get own(): OwnData | undefined {
    if (this.#split === undefined) return undefined;
    const { count: images } = this.#split.train;
    return { title: `${nameOf(this.#split)}, ${plural(images, 'image')}`, count: images };
  }

  /** What a run is told of the data; `batchSize` is what the page's switches say. */
  runOptions(batchSize: number): WorkerRun {
    if (this.#split === undefined) return {};
    const { train, report } = this.#split;
    return {
      data: this.#split,
      // A folder may hold fewer pictures than one of the page's batches.
      batchSize: Math.min(batchSize, train.count),
      // Drawings on the pad are not mirrored or turned either.
      ...(report && { augment: 'none' }),
    };
  }

  /** Opens files; gives sentences that say what they are. Throws DataError for files that are no data set. */
  async take(files: FileSource): Promise<string> {
    const split = await openFiles(files, images);
    this.#split = split;
    const {
      shape: [channels, height, width],
      classes,
      labels,
    } = split.train;
    const kinds = plural(classes.length, 'class', 'classes');
    const each = split.report && labels ? ` (${perClass(classes, labels)})` : '';
    const sentences = [
      `The next training uses ${nameOf(split)}: ${plural(split.train.count, 'image')} to train on and ` +
        `${count(split.test.count)} held out, ${height}×${width} pixels${channels === 3 ? ' in colour' : ''}, ${kinds}${each}.`,
      ...(split.report ? foundIn(split.report) : []),
      'Press Start.',
    ];
    return sentences.join(' ');
  }

  /** Back to the embedded digits. */
  useDigits(): void {
    this.#split = undefined;
  }
}

const nameOf = ({ train }: DataSplit): string => train.name.replace(/\/train$/, '');
