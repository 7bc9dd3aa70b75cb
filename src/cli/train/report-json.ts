import { writeJson, type Io } from '../io.js';
import { isShown, type Reporter } from './reporter.js';

/** One JSON object a line: start, step, epoch, done. */
export function jsonReporter(io: Io, logEvery: number): Reporter {
  return {
    start({ run, out, resumed, init, device, ...info }) {
      writeJson(io, {
        event: 'start',
        ...info,
        preset: run.preset,
        device: device.chosen,
        runtime: device.runtime,
        threads: device.threads,
        rejected: device.rejected,
        optimizer: run.optimizer,
        scheduler: run.scheduler,
        shuffle: run.shuffle,
        labelSmoothing: run.labelSmoothing,
        ...(run.freeze && { freeze: run.freeze }),
        ...(run.augment && { augment: run.augment }),
        ...(run.normalization && { normalization: run.normalization }),
        out,
        ...(resumed !== undefined && { resumed }),
        ...(init !== undefined && { init }),
      });
    },
    step(event) {
      if (isShown(event, logEvery)) writeJson(io, { event: 'step', ...event });
    },
    epoch(record) {
      writeJson(io, { event: 'epoch', ...record });
    },
    done({ also, alsoHint: _, ...end }) {
      writeJson(io, {
        event: 'done',
        ...end,
        ...(also && { alsoTest: also }),
        ...(also?.data === 'mnist/test' && { mnistAccuracy: also.accuracy }),
      });
    },
    close: () => undefined,
  };
}
