import type { Fault } from './fault.ts';

interface Standing {
  readonly fault: Fault;
  left: number;
}

/** The faults that are still to strike. Each request meets at most one. */
export class Faults {
  #standing: Standing[] = [];

  /** Appends a fault: earlier ones strike first. */
  add(fault: Fault): void {
    this.#standing.push({ fault, left: fault.times === undefined ? 1 : fault.times === 0 ? Infinity : fault.times });
  }

  clear(): void {
    this.#standing = [];
  }

  /** The faults that have not used up their `times`. */
  list(): readonly Fault[] {
    return this.#standing.map(({ fault }) => fault);
  }

  /** Takes the first fault that matches a request's path and model. */
  takeFor(path: string, model: string): Fault | undefined {
    return this.#take((fault) => (fault.path ?? path) === path && (fault.model ?? model) === model);
  }

  /**
   * Takes the first fault for the path of a request without a model. Only faults with `path` and without `model` match.
   */
  takeOn(path: string): Fault | undefined {
    return this.#take((fault) => fault.path === path && fault.model === undefined);
  }

  #take(fits: (fault: Fault) => boolean): Fault | undefined {
    const met = this.#standing.find(({ fault }) => fits(fault));
    if (met === undefined) return undefined;
    met.left -= 1;
    if (met.left <= 0) this.#standing = this.#standing.filter((one) => one !== met);
    return met.fault;
  }
}
