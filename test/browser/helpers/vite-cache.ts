import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * One folder for the dependencies that Vite bundles in advance, made anew for each run of the tests: the first server fills
 * it for all. Inside node_modules, since Vite serves what lies there as it is.
 */
export default function setup(): () => void {
  const parent = fileURLToPath(new URL('../../../node_modules/', import.meta.url));
  const folder = mkdtempSync(`${parent}.vite-browser-tests-`);
  process.env['ORT_TRAIN_VITE_CACHE'] = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
