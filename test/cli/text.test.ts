import { describe, expect, test } from 'vitest';
import { confusionLines } from '../../src/cli/confusion.js';
import { nearest } from '../../src/suggest.js';
import { bar, bytes, clock, columns, duration, percent, rate, shellWord, wrap } from '../../src/cli/text.js';
import { progressLine, terminalReporter } from '../../src/cli/train/report-terminal.js';
import type { BatchEnd } from '../../src/index.js';
import { Kept } from './helpers.js';

const event: BatchEnd = {
  epoch: 2,
  epochs: 17,
  batch: 469,
  batches: 938,
  step: 1407,
  size: 64,
  loss: 0.5,
  accuracy: 0.9,
  lr: 1e-3,
  meanLoss: 0.4321,
  meanAccuracy: 0.8712,
  imagesPerSecond: 1234,
};

describe('text', () => {
  test('numbers', () => {
    expect([percent(0.98765), rate(1e-3), rate(3.3333e-5), bytes(1_298_846)]).toEqual([
      '98.77 %',
      '0.001',
      '0.0000333',
      '1.3 MB',
    ]);
    expect([duration(12.34), duration(59.96), duration(125), clock(3725), clock(NaN)]).toEqual([
      '12.3 s',
      '1:00',
      '2:05',
      '1:02:05',
      '-:--',
    ]);
  });

  test('layout', () => {
    expect(
      columns(
        [
          ['a', '1'],
          ['bcd', '20'],
        ],
        [1],
      ),
    ).toEqual(['a     1', 'bcd  20']);
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(bar(0.5, 4)).toBe('━━──');
    expect([shellWord('runs/a'), shellWord("it's here")]).toEqual(['runs/a', "'it'\\''s here'"]);
  });

  test('suggestions', () => {
    expect([nearest('trian', ['train', 'graph']), nearest('xyz', ['train'])]).toEqual(['train', undefined]);
  });

  test('a confusion too wide for the terminal becomes a list', () => {
    const classes = Array.from({ length: 30 }, (_, i) => `class ${i}`);
    const confusion = classes.map((_, i) =>
      classes.map((_, j) => (i === j ? 5 : i === 3 && j === 4 ? 2 : 0)),
    );
    const lines = confusionLines(confusion, classes, 80);
    expect(lines).toContain('class 3  taken for class 4  2x');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(80);
  });
});

describe('progress on a terminal', () => {
  test.each([40, 60, 80, 120])('fits %d columns', (width) => {
    const line = progressLine(event, width);
    // A typed ^C still fits into the line.
    expect(line.length).toBeLessThanOrEqual(width - 4);
    expect(line).toContain('2/17');
    expect(line).toContain('loss 0.4321');
  });

  test('shows the time left', () => {
    expect(progressLine(event, 80)).toContain('0:24 left');
    expect(progressLine(event, 120)).toContain('in all');
    expect(progressLine({ ...event, batch: 938 }, 80)).toContain('testing');
  });

  test('is cleared before a row of the table', () => {
    const stdout = Object.assign(new Kept(), { isTTY: true, cursorTo: () => true, clearLine: () => true });
    const io = { stdout, stderr: new Kept(), env: {}, interruptible: () => new AbortController().signal };
    const reporter = terminalReporter(io, 0);
    reporter.step(event);
    const record = { epoch: 2, step: 1876, lr: 1e-3, trainLoss: 0.3, trainAccuracy: 0.9, testLoss: 0.2 };
    reporter.epoch({ ...record, testAccuracy: 0.95, seconds: 61, imagesPerSecond: 1200 }, 17);
    reporter.close();
    expect(stdout.text).toContain('loss 0.4321');
    expect(stdout.text).toMatch(/ {3}2\/17 +0\.3000 +90\.00 % +0\.2000 +95\.00 % +0\.001 +1,200 +1:01\n$/);
  });
});
