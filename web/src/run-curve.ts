import type { BatchEnd, EpochRecord } from 'ort-train';

/** Values by step; index 0 is step 1, null where nothing was measured. */
export type Values = (number | null)[];

/** How much of the smoothed value comes from before: a step counts half after about 8 more. */
const MEMORY = 0.92;

/** The course of a run as the charts show it. */
export class RunCurve {
  readonly losses: Values = [];
  readonly smoothedLosses: Values = [];
  readonly smoothedAccuracies: Values = [];
  readonly heldLosses: Values = [];
  readonly heldAccuracies: Values = [];
  readonly #loss = new Average();
  readonly #accuracy = new Average();

  get steps(): number {
    return this.losses.length;
  }

  addBatch({ step, loss, accuracy }: Pick<BatchEnd, 'step' | 'loss' | 'accuracy'>): void {
    this.#grow(step);
    this.losses[step - 1] = loss;
    this.smoothedLosses[step - 1] = this.#loss.add(loss);
    this.smoothedAccuracies[step - 1] = this.#accuracy.add(accuracy);
  }

  addEpoch({ step, testLoss, testAccuracy }: EpochRecord): void {
    this.#grow(step);
    this.heldLosses[step - 1] = testLoss;
    this.heldAccuracies[step - 1] = testAccuracy;
  }

  /** Takes over what a former page measured; of its batches it kept the losses alone. */
  restore(stepLosses: Float32Array, history: readonly EpochRecord[]): void {
    stepLosses.forEach((loss, i) => {
      this.#grow(i + 1);
      this.losses[i] = loss;
      this.smoothedLosses[i] = this.#loss.add(loss);
    });
    for (const record of history) this.addEpoch(record);
  }

  #grow(steps: number): void {
    for (const values of [
      this.losses,
      this.smoothedLosses,
      this.smoothedAccuracies,
      this.heldLosses,
      this.heldAccuracies,
    ]) {
      while (values.length < steps) values.push(null);
    }
  }
}

/** An exponential average, corrected for its start as in Adam (https://arxiv.org/abs/1412.6980, section 3). */
class Average {
  #sum = 0;
  #weight = 1;

  add(value: number): number {
    this.#sum = MEMORY * this.#sum + (1 - MEMORY) * value;
    this.#weight *= MEMORY;
    return this.#sum / (1 - this.#weight);
  }
}
