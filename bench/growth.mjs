// How the time of a step grows with the batch, the depth and the threads: a table, and a picture.
//
//   npm run bench:build && node bench/growth.mjs [--python python3] [--out docs/growth.svg] [--rounds 3]
//   node bench/growth.mjs --from docs/growth.json      draws again what was measured
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as echarts from 'echarts';
import { findCases } from './dist/bench/steps/cases.js';
import { measure } from './dist/bench/steps/measure.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    out: { type: 'string', default: 'docs/growth.svg' },
    rounds: { type: 'string', default: '3' },
    from: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const peer = values.python === undefined ? {} : { python: values.python };

const panels = [
  {
    title: 'mnist-cnn by images in a batch',
    axis: 'images in a batch',
    points: [1, 2, 4, 8, 16, 32, 64, 128, 256].map((batch) => ({ at: batch, net: 'mnist-cnn', batch })),
  },
  {
    title: 'ResNets for CIFAR, batch 32, by depth',
    axis: 'layers',
    points: [20, 32, 44, 56, 110].map((depth) => ({ at: depth, net: `resnet${depth}-cifar`, batch: 32 })),
  },
];

const write = (file, text) => {
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
};

const series = values.from === undefined ? [] : JSON.parse(readFileSync(values.from, 'utf8'));
for (const [panel, { points, axis }] of values.from === undefined ? panels.entries() : []) {
  console.log(
    `\n| ${axis} | threads | ort-train, ms | per ${panel === 0 ? 'image' : 'layer'}, ms | PyTorch, ms | ratio |`,
  );
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const threads of [1, 2]) {
    const ours = { name: `ort-train, ${threads} thread${threads > 1 ? 's' : ''}`, panel, data: [] };
    const theirs = { name: `PyTorch, ${threads} thread${threads > 1 ? 's' : ''}`, panel, data: [] };
    for (const { at, net, batch } of points) {
      const [subject] = findCases([net]);
      const result = await measure(subject, { target: 'auto', threads, batch, rounds, ...peer });
      ours.data.push([at, result.stepMs]);
      if (result.peerStepMs !== undefined) theirs.data.push([at, result.peerStepMs]);
      const each = (result.stepMs / at).toPrecision(3);
      console.log(
        `| ${at} | ${threads} | ${result.stepMs} | ${each} | ${result.peerStepMs ?? '-'} | ${result.ratio ?? '-'} |`,
      );
    }
    series.push(ours, ...(theirs.data.length > 0 ? [theirs] : []));
  }
}

const colors = ['#7fb2e5', '#f2b37e', '#1f5fa8', '#c8601a'];
const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 1000, height: 420 });
chart.setOption({
  animation: false,
  backgroundColor: '#ffffff',
  color: colors,
  title: panels.map(({ title }, i) => ({
    text: title,
    left: i === 0 ? 70 : 560,
    top: 8,
    textStyle: { fontSize: 14 },
  })),
  legend: { bottom: 0, itemGap: 40, itemWidth: 40, data: [...new Set(series.map(({ name }) => name))] },
  grid: panels.map((_, i) => ({ left: i === 0 ? 70 : 570, width: 400, top: 50, bottom: 80 })),
  xAxis: panels.map(({ axis, points }, i) => ({
    gridIndex: i,
    type: 'log',
    logBase: 2,
    name: axis,
    nameLocation: 'middle',
    nameGap: 28,
    min: points[0].at,
    max: points.at(-1).at,
  })),
  yAxis: panels.map((_, i) => ({
    gridIndex: i,
    type: 'log',
    name: 'ms a step',
    nameLocation: 'middle',
    nameGap: 45,
  })),
  series: series.map(({ name, panel, data }) => ({
    name,
    type: 'line',
    xAxisIndex: panel,
    yAxisIndex: panel,
    data,
    symbolSize: 6,
    lineStyle: { type: name.startsWith('PyTorch') ? 'dashed' : 'solid' },
  })),
});
write(values.out, chart.renderToSVGString());
if (values.from === undefined) write(values.out.replace(/\.svg$/, '.json'), `${JSON.stringify(series)}\n`);
chart.dispose();
console.log(`\n${values.out}`);
