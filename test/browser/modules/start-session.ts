import {
  buildGraph,
  createWebSession,
  configureRuntime,
  encodeModel,
  lowerPortable,
  OrtTrainError,
  presetNetwork,
  type DeviceReport,
} from 'ort-train';

/** Sessions to start one after the other, and where the runtime's files are to come from. */
export interface StartInput {
  readonly sessions: readonly { readonly devices?: readonly string[]; readonly threads?: number }[];
  readonly wasmPaths?: string;
  /** Whether the browser's WebGPU is taken away before. */
  readonly withoutWebGpu?: boolean;
  /** Bytes to load instead of a model. */
  readonly bytes?: readonly number[];
}

/** A session's report, or the error. */
export interface StartOutput {
  readonly device?: DeviceReport;
  readonly error?: { readonly name: string; readonly code: string; readonly message: string };
}

/** Starts sessions and says what became of each. */
export default async function startSessions({
  sessions,
  wasmPaths,
  withoutWebGpu = false,
  bytes,
}: StartInput): Promise<StartOutput[]> {
  // Chromium has no switch for it.
  if (withoutWebGpu) Reflect.deleteProperty(Object.getPrototypeOf(navigator) as object, 'gpu');
  if (wasmPaths !== undefined) configureRuntime({ wasmPaths });
  const graph = buildGraph(presetNetwork('mnist-cnn-small'), 'eval', { optimizer: { kind: 'adam' } });
  const model = bytes === undefined ? encodeModel(lowerPortable(graph)) : Uint8Array.from(bytes);
  const results: StartOutput[] = [];
  for (const options of sessions) {
    try {
      const session = await createWebSession(model, options);
      results.push({ device: session.device });
      await session.dispose();
    } catch (error) {
      if (!(error instanceof OrtTrainError)) throw error;
      results.push({ error: { name: error.name, code: error.code, message: error.message } });
    }
  }
  return results;
}
