import { isMainThread } from 'node:worker_threads';
import { DeviceError } from '../errors.js';

/*
 * Since 1.30 the onnxruntime-node that npm has reports to Microsoft on Linux and macOS, unless this variable says otherwise
 * when the first model is loaded: a device's identifier and a queue of events in the user's cache folder, in which are the
 * metadata of models, and after some seconds an upload. Source: https://github.com/microsoft/onnxruntime/pull/27379
 */
const VARIABLE = 'ORT_DISABLE_TELEMETRY';

/** How long the main thread may take to answer a worker; longer only where it waits for that worker. */
const PATIENCE_MS = 30_000;

/** What a user sets to keep the runtime's telemetry on. */
const WANTED = ['0', 'false', 'off', 'no'];

/** A thread's variables are a copy of those that the main thread had: what is missing here is missing there. */
const isSettled = isMainThread || process.env[VARIABLE] !== undefined;

// At once, so that processes and threads that are started before the first model have it too.
turnOff();

/** The state of the runtime's telemetry in this process. */
export interface RuntimeTelemetry {
  /**
   * `off`: nothing is recorded or sent. `on`: the user's environment asks for it. `system`: on Windows the runtime hands events
   * to the system, whose privacy settings decide.
   */
  readonly state: 'off' | 'on' | 'system';
  /** Why, in one line. */
  readonly reason: string;
}

/**
 * Whether ONNX Runtime reports to Microsoft. Importing ort-train turns that off, by `ORT_DISABLE_TELEMETRY=1` in
 * `process.env`; to keep it on, set the variable to 0 before that.
 *
 * @example
 * console.log(runtimeTelemetry().state); // off
 */
export function runtimeTelemetry(): RuntimeTelemetry {
  if (process.platform === 'win32') {
    return {
      state: 'system',
      reason: 'ONNX Runtime hands events to Windows; its privacy settings say whether they are sent',
    };
  }
  const value = process.env[VARIABLE] ?? '';
  return isWanted()
    ? { state: 'on', reason: `${VARIABLE}=${value} is set: ONNX Runtime reports to its maker` }
    : { state: 'off', reason: `ort-train sets ${VARIABLE}=1; set it to 0 to leave telemetry on` };
}

let main: Promise<void> | undefined;

/**
 * To be called before a model is loaded: the first one decides. Throws DeviceError in a worker thread where the main
 * thread cannot be told.
 */
export async function withoutTelemetry(): Promise<void> {
  turnOff();
  if (isSettled || isWanted()) return;
  main ??= turnOffInMainThread().catch((cause: unknown) => {
    main = undefined;
    throw new DeviceError(
      'ONNX Runtime would report to its maker, which a worker thread cannot turn off: import ort-train in the main ' +
        `thread before the worker is started, or start the program with ${VARIABLE}=1 (0 leaves it on)`,
      { cause },
    );
  });
  await main;
}

function isWanted(): boolean {
  return WANTED.includes((process.env[VARIABLE] ?? '').toLowerCase());
}

/** Any value but the two that the runtime knows would leave it on. */
function turnOff(): void {
  if (!isWanted()) process.env[VARIABLE] = '1';
}

/**
 * The runtime reads the variables of the process, which are those of the main thread alone. Node's inspector is the only
 * way to them that needs no help of the program there.
 */
async function turnOffInMainThread(): Promise<void> {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      // Also keeps the thread alive, which a question to the inspector does not.
      timer = setTimeout(() => {
        reject(new Error(`the main thread did not answer in ${PATIENCE_MS / 1000} s`));
      }, PATIENCE_MS);
      session.post('Runtime.evaluate', { expression: `process.env.${VARIABLE} ||= '1'` }, (error, answer) => {
        const problem = error ?? (answer.exceptionDetails as object | undefined);
        if (problem === undefined) resolve();
        else reject(new Error(error?.message ?? 'the main thread has no process.env', { cause: problem }));
      });
    });
  } finally {
    clearTimeout(timer);
    session.disconnect();
  }
}
