// Prints `passed failed` of a vitest JSON report. A run that failed without a failed test counts as one failure.
import { readFileSync } from 'node:fs';

const [path, status] = process.argv.slice(2);
let counts = { numPassedTests: 0, numFailedTests: 1 };
try {
  counts = JSON.parse(readFileSync(path, 'utf8'));
} catch (error) {
  console.error(`no test report: ${error.message}`);
}
const failed = counts.numFailedTests === 0 && status !== '0' ? 1 : counts.numFailedTests;
console.log(counts.numPassedTests, failed);
