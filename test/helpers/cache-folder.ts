import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives all tests and the processes that they start a cache folder of their own, on Linux: the user's stays as it is. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'ort-train-cache-'));
  process.env['XDG_CACHE_HOME'] = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
