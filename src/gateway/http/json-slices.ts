import { setImmediate as turn } from 'node:timers/promises';

/** Time of work after which the event loop gets a turn, ms. */
const SLICE_MS = 3;

/** Long lists as JSON, made in slices between which the event loop gets a turn. */
export class JsonSlices {
  #sinceMs = performance.now();

  /** Values as JSON, separated by commas. */
  async texts<T>(values: readonly T[], of: (value: T) => object): Promise<string> {
    const texts: string[] = [];
    for (const value of values) {
      texts.push(JSON.stringify(of(value)));
      if (performance.now() - this.#sinceMs < SLICE_MS) continue;
      await turn();
      this.#sinceMs = performance.now();
    }
    return texts.join(',');
  }
}
