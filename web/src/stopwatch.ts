/** Measures time that can be held. */
export class Stopwatch {
  #sum = 0;
  #since: number | undefined;

  /** Seconds so far. */
  get seconds(): number {
    return (this.#sum + (this.#since === undefined ? 0 : performance.now() - this.#since)) / 1000;
  }

  /** From zero. */
  restart(): void {
    this.#sum = 0;
    this.#since = performance.now();
  }

  hold(): void {
    if (this.#since === undefined) return;
    this.#sum += performance.now() - this.#since;
    this.#since = undefined;
  }

  goOn(): void {
    this.#since ??= performance.now();
  }
}
