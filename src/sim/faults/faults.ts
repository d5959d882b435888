import type { Fault } from './fault.ts';

interface Standing {
  readonly fault: Fault;
  left: number;
}

/** The faults that are to strike; each request meets at most one. */
export class Faults {
  #standing: Standing[] = [];

  /** Adds a fault behind those that wait already. */
  add(fault: Fault): void {
    this.#standing.push({ fault, left: fault.times === undefined ? 1 : fault.times === 0 ? Infinity : fault.times });
  }

  clear(): void {
    this.#standing = [];
  }

  /** Those that have not struck as often as they are to. */
  list(): readonly Fault[] {
    return this.#standing.map(({ fault }) => fault);
  }

  /** The fault that a request of a model meets, if any: the first that fits. */
  takeFor(path: string, model: string): Fault | undefined {
    return this.#take((fault) => (fault.path ?? path) === path && (fault.model ?? model) === model);
  }

  /** The fault that a request without a model meets: only one that names its path. */
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
