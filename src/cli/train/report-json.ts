import { writeJson, type Io } from '../io.js';
import { shownSteps, type Reporter } from './reporter.js';

/** One JSON object a line: start, step, epoch, done. */
export function jsonReporter(io: Io, logEvery: number): Reporter {
  const isShown = shownSteps(logEvery);
  return {
    start({ spec, out, resumed, init, device, ...info }) {
      const { loss, ...told } = spec;
      writeJson(io, {
        event: 'start',
        ...told,
        ...info,
        ...{ device: device.chosen, runtime: device.runtime, threads: device.threads },
        rejected: device.rejected,
        labelSmoothing: loss?.labelSmoothing ?? 0,
        // JSON leaves out what is undefined.
        ...{ out, resumed, init },
      });
    },
    step(event) {
      if (isShown(event)) writeJson(io, { event: 'step', ...event });
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
