import { SingleBar } from 'cli-progress';
import type { BatchEnd } from '../../index.js';
import { print, widthOf, type Io } from '../io.js';
import { bar as drawBar, clock, count, percent } from '../text.js';
import { shownSteps, type Reporter } from './reporter.js';
import { doneLines, epochHeader, epochRow, startLines, stepLine } from './report-text.js';

/** On a terminal: a progress bar for the running epoch, a table row for each finished one. */
export function terminalReporter(io: Io, logEvery: number): Reporter {
  const isShown = shownSteps(logEvery);
  let bar: SingleBar | undefined;
  const clear = (): void => {
    bar?.stop();
    bar = undefined;
  };
  const show = (event: BatchEnd): void => {
    if (bar === undefined) {
      bar = new SingleBar({
        stream: io.stdout,
        format: (_options, _params, payload: { readonly event: BatchEnd }) =>
          progressLine(payload.event, widthOf(io.stdout)),
        clearOnComplete: true,
        hideCursor: true,
        linewrap: true,
        fps: 5,
      });
      bar.start(event.batches, event.batch, { event });
    } else bar.update(event.batch, { event });
  };
  return {
    start(start) {
      print(io, ...startLines(start, widthOf(io.stdout)), '', epochHeader);
    },
    step(event) {
      if (isShown(event)) {
        clear();
        print(io, stepLine(event));
      }
      show(event);
    },
    epoch(record, epochs) {
      clear();
      print(io, epochRow(record, epochs));
    },
    done(end) {
      clear();
      print(io, '', ...doneLines(end));
    },
    close: clear,
  };
}

/** The line of the running epoch, at most `width - 4` wide: a typed ^C must still fit. */
export function progressLine(event: BatchEnd, width: number): string {
  const { epoch, epochs, batch, batches, meanLoss, meanAccuracy, imagesPerSecond } = event;
  const perBatch = event.size / imagesPerSecond;
  const left = (batches - batch) * perBatch;
  const inAll = left + (epochs - epoch) * batches * perBatch;
  const time = batch === batches ? 'testing' : `${clock(left)} left`;
  const head = `${epoch}/${epochs}`.padStart(7);
  const numbers = [
    `loss ${meanLoss.toFixed(4)}`,
    percent(meanAccuracy).padStart(8),
    `${count(imagesPerSecond)} images/s`,
    time,
    ...(width >= 100 && epochs > 1 ? [`${clock(inAll)} in all`] : []),
  ].join('  ');
  const room = Math.min(40, width - 4 - head.length - numbers.length - 4);
  const line = room >= 5 ? `${head}  ${drawBar(batch / batches, room)}  ${numbers}` : `${head}  ${numbers}`;
  return line.slice(0, width - 4);
}
