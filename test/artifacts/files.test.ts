import { artifactFiles, createTrainingArtifacts } from '../../src/artifacts/index.js';
import fs, {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readTrainingArtifacts, writeTrainingArtifacts } from '../../src/artifacts/node.js';
import { CheckpointError, IoError } from '../../src/errors.js';
import { ensureFolder, readFileBytes, writeFileSafely } from '../../src/files-node.js';
import { temporaryFolder, tinyNetwork } from '../train/tiny.js';

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

describe('an artifacts folder', () => {
  const artifacts = createTrainingArtifacts(tinyNetwork({ norm: true }), { optimizer: { kind: 'adamw' } });

  test('comes back as it was written, in a folder that did not exist', async () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    const paths = await writeTrainingArtifacts(folder, artifacts);
    expect(paths.map((path) => path.slice(folder.length + 1))).toEqual(Object.values(artifactFiles));
    expect(readdirSync(folder).toSorted()).toEqual(Object.values(artifactFiles).toSorted());
    const back = await readTrainingArtifacts(folder);
    expect(back.manifest).toEqual(artifacts.manifest);
    for (const kind of ['training', 'eval', 'optimizer', 'inference', 'checkpoint'] as const) {
      expect(Buffer.compare(back[kind], artifacts[kind]), kind).toBe(0);
    }
  });

  test('names the file that is missing', async () => {
    const folder = temporaryFolder();
    await writeTrainingArtifacts(folder, artifacts);
    rmSync(join(folder, artifactFiles.optimizer));
    await expect(readTrainingArtifacts(folder)).rejects.toThrow(/optimizer_model\.onnx: it does not exist/);
    await expect(readTrainingArtifacts(join(folder, 'nowhere'))).rejects.toThrow(IoError);
  });

  test.each([
    ['{', /manifest\.json: not JSON/],
    ['null', /expected format 'ort-train-artifacts\/1', got 'undefined'/],
    ['{"format":"other/2"}', /expected format 'ort-train-artifacts\/1', got 'other\/2'/],
  ])('refuses the manifest %s', async (text, message) => {
    const folder = temporaryFolder();
    await writeTrainingArtifacts(folder, artifacts);
    writeFileSync(join(folder, artifactFiles.manifest), text);
    const read = readTrainingArtifacts(folder);
    await expect(read).rejects.toThrow(CheckpointError);
    await expect(read).rejects.toThrow(message);
  });

  test('without its manifest, because a write failed before, is not taken for whole', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, artifactFiles.checkpoint));
    await expect(writeTrainingArtifacts(folder, artifacts)).rejects.toThrow(IoError);
    expect(existsSync(join(folder, artifactFiles.manifest))).toBe(false);
    await expect(readTrainingArtifacts(folder)).rejects.toThrow(/manifest\.json: it does not exist/);
  });
});

describe('writeFileSafely', () => {
  test('writes text and bytes, a part of a larger buffer too', async () => {
    const path = join(temporaryFolder(), 'new', 'file');
    await writeFileSafely(path, 'text é');
    expect(readFileSync(path, 'utf8')).toBe('text é');
    await writeFileSafely(path, Uint8Array.of(9, 1, 2, 9).subarray(1, 3));
    expect([...readFileSync(path)]).toEqual([1, 2]);
  });

  test.each([
    ['write', 'ENOSPC', /no space left on the device/],
    ['rename', 'EACCES', /permission denied/],
    ['fsync', 'EIO', /EIO happened/],
  ] as const)('keeps the old file and no temporary one when %s fails', async (call, code, message) => {
    const folder = temporaryFolder();
    const path = join(folder, 'file');
    await writeFileSafely(path, 'old');
    const failure = Object.assign(new Error(`${code} happened`), { code });
    if (call === 'write') {
      // As a full disk does it: a part is written, then nothing more.
      const write = fs.writeFileSync;
      vi.spyOn(fs, 'writeFileSync').mockImplementation((file) => {
        write(file, 'ne');
        throw failure;
      });
      syncBuiltinESMExports();
    } else {
      vi.spyOn(fs, call).mockImplementation((...given: readonly unknown[]) => {
        (given.at(-1) as (error: Error) => void)(failure);
      });
    }
    const writing = writeFileSafely(path, 'new');
    await expect(writing).rejects.toThrow(IoError);
    await expect(writing).rejects.toThrow(message);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('writes of one path at the same time leave one of them, whole', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'file');
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(100_000));
    await Promise.all(texts.map((text) => writeFileSafely(path, text)));
    expect(texts).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('goes through a symbolic link to the file', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'target'), 'old');
    symlinkSync(join(folder, 'target'), join(folder, 'link'));
    await writeFileSafely(join(folder, 'link'), 'new');
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('new');
  });

  test('says which path, and why not', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'folder'));
    await expect(writeFileSafely(join(folder, 'folder'), '')).rejects.toThrow(
      /cannot write .*folder: it is a folder/,
    );
    await expect(writeFileSafely(join(folder, 'file', 'x'), '')).rejects.toThrow(
      /cannot write .*x: a file of that name is in the way/,
    );
    expect(readdirSync(folder)).toEqual(['file', 'folder']);
  });
});

describe('readFileBytes and ensureFolder', () => {
  test('name the path and the reason', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    await expect(readFileBytes(join(folder, 'no'))).rejects.toThrow(/cannot read .*no: it does not exist/);
    await expect(readFileBytes(folder)).rejects.toThrow(/cannot read .*: it is a folder/);
    await expect(ensureFolder(join(folder, 'file'))).rejects.toThrow(
      /cannot write to the folder .*file: .*a file/,
    );
    await expect(ensureFolder(join(folder, 'file', 'x'))).rejects.toThrow(/a part of its path is a file/);
    await ensureFolder(join(folder, 'x', 'y'));
    expect(existsSync(join(folder, 'x', 'y'))).toBe(true);
  });

  test('have the bytes as they are', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, Uint8Array.of(0, 255, 10));
    expect([...(await readFileBytes(path))]).toEqual([0, 255, 10]);
  });
});
