import type { BatchEnd, EpochRecord, StoredRun } from 'ort-train';
import { byId, html, setText } from './dom.js';
import { duration, percent, rate } from './format.js';
import { LiveChart, type Line } from './live-chart.js';
import { RunCurve } from './run-curve.js';

const former: Pick<Line, 'colour' | 'dash' | 'width'> = { colour: '--former', dash: [5, 4], width: 1.5 };

/** The two charts, the table of epochs, and the run before to compare with. */
export class Curves {
  readonly #loss: LiveChart;
  readonly #accuracy: LiveChart;
  readonly #lossHost = byId('loss-chart', HTMLElement);
  readonly #accuracyHost = byId('accuracy-chart', HTMLElement);
  readonly #rows = byId('epoch-rows', HTMLTableSectionElement);
  #name = '';
  #run = new RunCurve();
  #before = new RunCurve();

  constructor() {
    this.#loss = new LiveChart(this.#lossHost, {
      lines: [
        { name: 'loss', colour: '--train-faint', width: 1, fits: false },
        { name: 'before', ...former },
        { name: 'smoothed', colour: '--train', width: 2 },
        { name: 'held-out', colour: '--held', width: 2, dots: true },
      ],
      format: (value) => (value >= 10 ? value.toFixed(0) : String(Number(value.toFixed(2)))),
      top: (largest) => Math.max(0.1, largest * 1.08),
      empty: 'The curve grows here, step by step.',
    });
    this.#accuracy = new LiveChart(this.#accuracyHost, {
      lines: [
        { name: 'before', ...former },
        { name: 'training', colour: '--train', width: 2 },
        { name: 'held-out', colour: '--held', width: 2, dots: true },
      ],
      format: (value) => percent(value, value > 0.95 && value < 1 ? 1 : 0).replace(' ', ''),
      top: () => 1,
      empty: 'Guessing would be right in one of ten.',
    });
    this.#show();
  }

  /** A run begins; the one that was shown becomes the run before. */
  begin(name: string): void {
    if (this.#run.steps > 0) {
      this.#before = this.#run;
      byId('legend-former', HTMLElement).hidden = false;
      setText(byId('former-name', HTMLElement), `run before: ${this.#name}`);
    }
    this.#name = name;
    this.#run = new RunCurve();
    this.#rows.replaceChildren();
    byId('epochs', HTMLElement).hidden = true;
    this.#show();
  }

  /** What a stored run has measured before it goes on. */
  restore({ stepLosses, history }: StoredRun): void {
    this.#run.restore(stepLosses, history);
    history.forEach((record) => {
      this.#addRow(record);
    });
    this.#show();
  }

  addBatch(event: BatchEnd): void {
    this.#run.addBatch(event);
    this.#show();
  }

  addEpoch(record: EpochRecord): void {
    this.#run.addEpoch(record);
    this.#addRow(record);
    const { epoch, trainLoss, testLoss, testAccuracy } = record;
    this.#lossHost.ariaLabel = `Loss after epoch ${epoch}: ${trainLoss.toFixed(3)} in training, ${testLoss.toFixed(3)} on held-out digits`;
    this.#accuracyHost.ariaLabel = `Accuracy after epoch ${epoch}: ${percent(testAccuracy)} of the held-out digits`;
    this.#show();
  }

  #addRow({ epoch, lr, trainLoss, testLoss, testAccuracy, seconds }: EpochRecord): void {
    byId('epochs', HTMLElement).hidden = false;
    const cells = [
      rate(lr),
      trainLoss.toFixed(4),
      testLoss.toFixed(4),
      percent(testAccuracy, 2),
      duration(seconds),
    ];
    this.#rows.append(
      html(
        'tr',
        {},
        html('th', { scope: 'row' }, String(epoch)),
        ...cells.map((text) => html('td', {}, text)),
      ),
    );
  }

  #show(): void {
    const { losses, smoothedLosses, smoothedAccuracies, heldLosses, heldAccuracies } = this.#run;
    this.#loss.show([losses, this.#before.smoothedLosses, smoothedLosses, heldLosses]);
    this.#accuracy.show([this.#before.smoothedAccuracies, smoothedAccuracies, heldAccuracies]);
  }
}
