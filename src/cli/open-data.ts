import { SingleBar } from 'cli-progress';
import { openData, type DataSplit, type DownloadProgress, type RunSpec } from '../index.js';
import { defined } from '../checks.js';
import { note, type Io } from './io.js';
import { bytes } from './text.js';

/**
 * Opens a data set; a download shows its progress on standard error.
 *
 * @param fallbackClasses - Labels for data that name none themselves: a model's, or those of the run before.
 */
export async function openDataFor(
  io: Io,
  { data = 'digits', dataOptions }: Pick<RunSpec, 'data' | 'dataOptions'>,
  {
    signal,
    fallbackClasses,
  }: { readonly signal?: AbortSignal; readonly fallbackClasses?: readonly string[] | undefined } = {},
): Promise<DataSplit> {
  const progress = downloadProgress(io);
  try {
    return await openData(data, {
      onProgress: progress.show,
      ...dataOptions,
      ...defined({ signal, fallbackClasses }),
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
