import { SingleBar } from 'cli-progress';
import {
  openData,
  type CheckProgress,
  type DataSplit,
  type DownloadProgress,
  type OpenDataOptions,
  type RunSpec,
} from '../index.js';
import { defined } from '../checks.js';
import { openingOptionsOf } from '../train/spec/pictures.js';
import { note, type Io } from './io.js';
import { bytes } from './text.js';

/** The fields of a run that say what data are opened, and how. */
export type Opened = Pick<
  RunSpec,
  'data' | 'dataOptions' | 'preset' | 'network' | 'channels' | 'imageSize' | 'preprocess' | 'background'
>;

/**
 * Opens a data set; a download shows its progress on standard error, as does a long check of pictures on a terminal.
 *
 * @param modelClasses - A model's labels, for pictures to have their indices.
 * @param check - Whether pictures are decoded beforehand, to find bad ones.
 * @param asOne - Whether all pictures are wanted, whatever parts they lie in.
 * @param fallbackClasses - Labels for data that name none themselves: a model's, or those of the run before.
 */
export async function openDataFor(
  io: Io,
  { data = 'digits', dataOptions, ...spec }: Opened,
  {
    signal,
    fallbackClasses,
    modelClasses,
    asOne,
    check,
  }: Pick<OpenDataOptions, 'signal' | 'modelClasses' | 'asOne' | 'check'> & {
    readonly fallbackClasses?: readonly string[] | undefined;
  } = {},
): Promise<DataSplit> {
  const progress = downloadProgress(io);
  const checking = checkProgress(io);
  try {
    return await openData(data, {
      ...{ onProgress: progress.show, onCheck: checking.show },
      ...dataOptions,
      ...openingOptionsOf(spec),
      ...defined({ signal, fallbackClasses, modelClasses, asOne, check }),
    });
  } finally {
    progress.close();
    checking.close();
  }
}

/** Milliseconds after which a check of pictures shows how far it is. */
const SILENT = 2000;

/** What both bars look like, after what stands before them. */
const barOf = (io: Io, format: string): SingleBar =>
  new SingleBar({
    ...{ stream: io.stderr, format, linewrap: true },
    ...{ barCompleteChar: '━', barIncompleteChar: '─', barsize: 24 },
  });

function checkProgress(io: Io): { show: (event: CheckProgress) => void; close: () => void } {
  const start = performance.now();
  let bar: SingleBar | undefined;
  return {
    close() {
      bar?.stop();
      bar = undefined;
    },
    show({ checked, total }) {
      if (io.stderr.isTTY !== true || performance.now() - start < SILENT) return;
      if (bar === undefined) {
        bar = barOf(io, 'checking pictures  {bar}  {value} of {total}');
        bar.start(total, checked);
      }
      bar.update(checked);
    },
  };
}

function downloadProgress(io: Io): { show: (event: DownloadProgress) => void; close: () => void } {
  let file: string | undefined;
  let bar: SingleBar | undefined;
  const close = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    close,
    show(event) {
      const total = event.total ?? 0;
      if (file !== event.file) {
        close();
        file = event.file;
        if (io.stderr.isTTY === true) {
          bar = barOf(io, `${event.file}  {bar}  {percentage} %  {size}`);
          bar.start(total, event.received, { size: bytes(total) });
        } else {
          note(io, `downloading ${event.file}${total > 0 ? ` (${bytes(total)})` : ''} from ${event.mirror}`);
        }
      }
      bar?.update(event.received);
    },
  };
}
