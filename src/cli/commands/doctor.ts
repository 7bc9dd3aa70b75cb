import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import {
  cachedDataSets,
  defaultCacheDir,
  deviceNames,
  OptionError,
  OrtTrainError,
  presetNames,
  probeBlockSize,
  runtimeTelemetry,
  runtimeVersion,
  version,
  type CachedDataSet,
  type DeviceName,
  type RuntimeTelemetry,
} from '../../index.js';
import { defineCommand, kebab } from '../command.js';
import { print, widthOf, writeJson } from '../io.js';
import { checkNetwork, networkLines } from '../network-check.js';
import { choice, device, text } from '../options.js';
import { probeApart, probeHere, type DeviceState } from '../probe.js';
import { optionsOf, specFrom } from '../spec-flags.js';
import { bytes, columns, wrap } from '../text.js';

/** What this machine offers. */
interface Findings {
  readonly version: string;
  readonly node: string;
  readonly runtime: string;
  readonly telemetry: RuntimeTelemetry;
  readonly platform: string;
  readonly cpu: string;
  readonly threads: number;
  readonly memoryBytes: number;
  /** Channels in a block of ONNX Runtime's blocked tensors; null if it has none for this CPU. */
  readonly blockSize: number | null;
  readonly devices: readonly DeviceState[];
  readonly data: {
    readonly cacheDir: string;
    readonly sets: readonly CachedDataSet[];
  };
  readonly runs: { readonly folder: string; readonly writable: boolean };
}

/** What works here, and how to get what does not. */
export const doctor = defineCommand({
  name: 'doctor',
  usage: 'doctor',
  describe: 'Show what works here, and why not',
  positionals: {},
  options: {
    device: { ...device, describe: 'try these only, in this process', fallback: 'all' },
    cacheDir: text('where downloaded data sets are kept'),
    network: choice('built-in network whose form on the CPU is shown, and what falls back', presetNames),
    ...optionsOf('classes', 'channels', 'imageSize'),
  },
  examples: [
    ['doctor', 'versions, execution providers, threads, data folders'],
    ['doctor --device cuda', 'with what the driver writes'],
    ['doctor --network resnet18 --image-size 64', 'whether all of its layers run in their fast form'],
  ],
  async run(args, io) {
    const lost = (['classes', 'channels', 'imageSize'] as const).find((name) => args[name] !== undefined);
    if (lost !== undefined && args.network === undefined) {
      throw new OptionError(`--${kebab(lost)}: it is of a network, expected --network with it, got none`);
    }
    const wanted = deviceNames.filter((name) => args.device?.includes(name) ?? true);
    const findings = await examine(wanted, args.device !== undefined, args.cacheDir ?? defaultCacheDir());
    if (!args.json) print(io, ...reportLines(findings, widthOf(io.stdout)));
    if (args.network !== undefined) {
      const checked = await checkNetwork(
        specFrom({
          ...args,
          network: undefined,
          device: undefined,
          cacheDir: undefined,
          preset: args.network,
        }),
      );
      if (args.json) writeJson(io, { event: 'network', ...checked });
      else print(io, '', ...networkLines(checked, widthOf(io.stdout)));
    }
    if (args.json) writeJson(io, { event: 'done', ...findings });
    if (findings.devices.some((each) => each.device === 'cpu' && !each.usable)) {
      throw new OrtTrainError('device', 'onnxruntime-node does not work here');
    }
  },
});

async function examine(wanted: readonly DeviceName[], here: boolean, cacheDir: string): Promise<Findings> {
  const devices: DeviceState[] = [];
  for (const name of wanted) {
    const quiet = here || name === 'cpu' || name === 'wasm';
    devices.push(await (quiet ? probeHere : probeApart)(name));
  }
  const runs = resolve('runs');
  return {
    version,
    node: process.versions.node,
    runtime: runtimeVersion(),
    telemetry: runtimeTelemetry(),
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    threads: availableParallelism(),
    memoryBytes: totalmem(),
    blockSize: (await probeBlockSize()) ?? null,
    devices,
    data: { cacheDir, sets: await cachedDataSets(cacheDir) },
    runs: { folder: runs, writable: await canWrite(runs) },
  };
}

/** Whether files can be written to a folder, or it can be created. */
async function canWrite(folder: string): Promise<boolean> {
  const info = await stat(folder).catch(() => undefined);
  if (info === undefined) return dirname(folder) !== folder && canWrite(dirname(folder));
  return (
    info.isDirectory() &&
    access(folder, constants.W_OK).then(
      () => true,
      () => false,
    )
  );
}

function reportLines(findings: Findings, width: number): string[] {
  const { devices, data, runs, blockSize } = findings;
  const threads = `${findings.threads} threads`;
  const blocks = blockSize === null ? 'no blocked operators for this CPU' : `blocks of ${blockSize} channels`;
  const reason = (state: DeviceState): string[] => {
    if (state.device === 'wasm') return ['in the browser, through onnxruntime-web; in Node use cpu'];
    return state.usable ? [] : wrap(state.reason, width - 10);
  };
  return [
    ...columns([
      ['ort-train', findings.version],
      ['Node', findings.node],
      ['ONNX Runtime', `${findings.runtime} (onnxruntime-node)`],
      ['its telemetry', `${findings.telemetry.state}: ${findings.telemetry.reason}`],
      ['platform', findings.platform],
      ['processor', `${findings.cpu}, ${threads}, ${bytes(findings.memoryBytes)} of memory`],
    ]),
    '',
    'Execution providers',
    ...devices.flatMap((state) => {
      const verdict = state.usable ? 'usable' : state.device === 'wasm' ? 'browser' : 'not usable';
      const detail = state.device === 'cpu' && state.usable ? `: ${threads}, ${blocks}` : '';
      return [
        `  ${state.device.padEnd(7)} ${verdict}${detail}`,
        ...reason(state).map((line) => `${' '.repeat(10)}${line}`),
      ];
    }),
    '',
    'Data sets',
    ...columns([
      ['  digits', 'embedded'],
      ...data.sets.map(({ name, folder, present }) => [
        `  ${name}`,
        present ? folder : `not here; --data ${name} downloads it to ${folder}`,
      ]),
    ]),
    '',
    `Runs go to ${runs.folder}, which can${runs.writable ? '' : 'not'} be written`,
  ];
}
