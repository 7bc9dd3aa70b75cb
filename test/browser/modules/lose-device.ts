import {
  chain,
  conv,
  createTrainingArtifacts,
  createWebSession,
  defineNetwork,
  flatten,
  linear,
  OrtTrainError,
  relu,
  type Session,
} from 'ort-train';

/** What sessions on a GPU give before and after it is lost, and what one on wasm gives then. */
export interface LoseDeviceOutput {
  readonly adapter: string;
  readonly onGpu: readonly number[];
  /** Names and messages of the errors: of the run under way, of the next one, of a new session. */
  readonly errors: readonly string[];
  readonly onWasm: readonly number[];
}

const network = defineNetwork({
  name: 'small',
  input: [1, 28, 28],
  classes: 10,
  net: chain(conv(8, 3), relu(), conv(8, 3, { stride: 2 }), relu(), flatten(), linear(10)),
});

/** Loses the GPU in the middle of a run, as when its driver restarts. */
export default async function loseDevice(): Promise<LoseDeviceOutput> {
  const devices: GPUDevice[] = [];
  const request = Reflect.get<GPUAdapter, 'requestDevice'>(GPUAdapter.prototype, 'requestDevice');
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await request.apply(this, args);
    devices.push(device);
    return device;
  };
  const { inference: model } = createTrainingArtifacts(network);
  const input = Float32Array.from({ length: 784 }, (_, i) => (i % 7) / 7);
  const run = async (session: Session): Promise<readonly number[]> => {
    const { logits } = await session.run(
      { input: { dtype: 'float32', shape: [1, 1, 28, 28], data: input } },
      ['logits'],
    );
    return Array.from(logits?.data ?? [], Number);
  };
  const session = await createWebSession(model, { devices: ['webgpu'] });
  const onGpu = await run(session);
  const running = errorOf(run(session));
  for (const device of devices) device.destroy();
  const errors = [
    await running,
    await errorOf(run(session)),
    await errorOf(createWebSession(model, { devices: ['webgpu'] })),
  ];
  await session.dispose();
  const other = await createWebSession(model, { devices: ['webgpu', 'wasm'] });
  return { adapter: session.device.adapter ?? '', onGpu, errors, onWasm: await run(other) };
}

async function errorOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    if (!(error instanceof OrtTrainError)) throw error;
    return `${error.name}: ${error.message}`;
  }
}
