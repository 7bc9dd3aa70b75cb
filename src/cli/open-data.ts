import { SingleBar } from 'cli-progress';
import {
  openData,
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
 * Opens a data set; a download shows its progress on standard error.
 *
 * @param modelClasses - A model's labels, for pictures to have their indices.
 * @param fallbackClasses - Labels for data that name none themselves: a model's, or those of the run before.
 */
export async function openDataFor(
  io: Io,
  { data = 'digits', dataOptions, ...spec }: Opened,
  {
    signal,
    fallbackClasses,
    modelClasses,
  }: Pick<OpenDataOptions, 'signal' | 'modelClasses'> & {
    readonly fallbackClasses?: readonly string[] | undefined;
  } = {},
): Promise<DataSplit> {
  const progress = downloadProgress(io);
  try {
    return await openData(data, {
      onProgress: progress.show,
      ...dataOptions,
      ...openingOptionsOf(spec),
      ...defined({ signal, fallbackClasses, modelClasses }),
    });
  } finally {
    progress.close();
  }
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
          bar = new SingleBar({
            stream: io.stderr,
            format: `${event.file}  {bar}  {percentage} %  {size}`,
            barCompleteChar: '━',
            barIncompleteChar: '─',
            barsize: 24,
            linewrap: true,
          });
          bar.start(total, event.received, { size: bytes(total) });
        } else {
          note(io, `downloading ${event.file}${total > 0 ? ` (${bytes(total)})` : ''} from ${event.mirror}`);
        }
      }
      bar?.update(event.received);
    },
  };
}
