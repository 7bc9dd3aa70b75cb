/**
 * Who uses the models when: a run trains, and others (predictions, checkpoints) get their turn between two of its steps, or
 * at once while no run goes. Their work never overlaps, since a model takes one call at a time.
 */
export class Turns {
  readonly #waiting: (() => Promise<void>)[] = [];
  #holder: 'nobody' | 'a run' | 'the others' = 'nobody';
  #hasRun = false;
  #isPaused = false;
  /** Ends the pause's wait for something to do. */
  #wake: () => void = () => undefined;
  /** Called when the run is paused. */
  #onRest: (() => void)[] = [];
  /** Called when the others are done. */
  #onIdle: (() => void)[] = [];

  /** Whether anything is waiting for a run to give way. */
  get isWanted(): boolean {
    return this.#isPaused || this.#waiting.length > 0;
  }

  /** Does a piece of work when the models are free. */
  take<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => work().then(resolve, reject));
      if (this.#holder === 'nobody') void this.#drain();
      else this.#wake();
    });
  }

  /** A run takes the models as soon as work that others have begun is done. */
  async begin(): Promise<void> {
    this.#hasRun = true;
    if (this.#holder === 'the others') await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    this.#holder = 'a run';
  }

  /** The run between two steps: the others have their turn, and while it is paused it stays here. */
  async giveWay(): Promise<void> {
    for (;;) {
      for (let work = this.#waiting.shift(); work !== undefined; work = this.#waiting.shift()) await work();
      if (!this.#isPaused) return;
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#rest();
      await woken;
    }
  }

  /** The run gives the models back. */
  end(): void {
    this.#holder = 'nobody';
    this.#hasRun = false;
    this.#isPaused = false;
    this.#rest();
    void this.#drain();
  }

  /** Pauses the run between two steps; resolves when it is paused, or has ended. */
  pause(): Promise<void> {
    if (!this.#hasRun) return Promise.resolve();
    this.#isPaused = true;
    return new Promise((resolve) => {
      this.#onRest.push(resolve);
      // If it is paused already, it looks again.
      this.#wake();
    });
  }

  /** Continues a paused run. */
  resume(): void {
    this.#isPaused = false;
    this.#wake();
  }

  #rest(): void {
    for (const told of this.#onRest.splice(0)) told();
  }

  async #drain(): Promise<void> {
    this.#holder = 'the others';
    for (let work = this.#waiting.shift(); work !== undefined; work = this.#waiting.shift()) await work();
    if (this.#onIdle.length === 0) this.#holder = 'nobody';
    for (const told of this.#onIdle.splice(0)) told();
  }
}
