import { createModel, type Model, type ModelSpec } from './model.ts';
import { keyOf, type Name } from './name.ts';

/** The models on the server's disk, found by any spelling of their names. */
export class Catalogue {
  readonly #models = new Map<string, Model>();

  constructor(specs: readonly ModelSpec[]) {
    const now = Date.now();
    for (const [index, spec] of specs.entries()) {
      // One second apart: lists show the newest first, and the order must be the same each time.
      const model = createModel(spec, new Date(now - index * 1000));
      this.#models.set(keyOf(model.name), model);
    }
  }

  /** Finds a model by name; undefined if the server does not have it. */
  find(name: Name): Model | undefined {
    return this.#models.get(keyOf(name));
  }

  /** All models, the newest first. */
  list(): readonly Model[] {
    return [...this.#models.values()].toSorted((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime());
  }
}
