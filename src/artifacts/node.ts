import { join } from 'node:path';
import { ensureFolder, readFileBytes, writeFileSafely } from '../files-node.js';
import { artifactFiles, parseManifest } from './manifest.js';
import type { TrainingArtifacts } from './training-artifacts.js';

/**
 * Writes training artifacts to a folder, which is created if needed; the manifest comes last, so that a folder with a
 * manifest is whole. Returns the paths. Throws IoError for a folder that cannot be written.
 *
 * @example
 * await writeTrainingArtifacts('artifacts/mnist-cnn', createTrainingArtifacts(network));
 */
export async function writeTrainingArtifacts(
  folder: string,
  artifacts: TrainingArtifacts,
): Promise<readonly string[]> {
  await ensureFolder(folder);
  const { manifest, ...bytes } = artifacts;
  const kinds = ['training', 'eval', 'optimizer', 'inference', 'checkpoint'] as const;
  const paths = kinds.map((kind) => join(folder, artifactFiles[kind]));
  // In parallel: most of the time is spent waiting for the disk.
  const written = await Promise.allSettled(
    kinds.map((kind) => writeFileSafely(join(folder, artifactFiles[kind]), bytes[kind])),
  );
  for (const result of written) if (result.status === 'rejected') throw result.reason;
  const path = join(folder, artifactFiles.manifest);
  await writeFileSafely(path, `${JSON.stringify(manifest, null, 2)}\n`);
  return [...paths, path];
}

/**
 * Reads an artifacts folder. Throws IoError for a file that is missing, CheckpointError for a damaged manifest.
 *
 * @example
 * const { manifest, checkpoint } = await readTrainingArtifacts('artifacts/mnist-cnn');
 */
export async function readTrainingArtifacts(folder: string): Promise<TrainingArtifacts> {
  const read = (kind: keyof typeof artifactFiles): Promise<Uint8Array> =>
    readFileBytes(join(folder, artifactFiles[kind]));
  const text = new TextDecoder().decode(await read('manifest'));
  return {
    training: await read('training'),
    eval: await read('eval'),
    optimizer: await read('optimizer'),
    inference: await read('inference'),
    checkpoint: await read('checkpoint'),
    manifest: parseManifest(text, join(folder, artifactFiles.manifest)),
  };
}
