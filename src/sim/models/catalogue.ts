import { createModel, type Model, type ModelSpec } from './model.ts';
import { keyOf, type Name } from './name.ts';

/** The models that the server has on its disk, found by any spelling of their names. */
export class Catalogue {
  readonly #models = new Map<string, Model>();

  constructor(specs: readonly ModelSpec[]) {
    const now = Date.now();
    for (const [index, spec] of specs.entries()) {
      // A moment apart, since lists show the newest first and their order must be the same every time.
      const model = createModel(spec, new Date(now - index * 1000));
      this.#models.set(keyOf(model.name), model);
    }
  }

  /** The model of that name, if the server has it. */
  find(name: Name): Model | undefined {
    return this.#models.get(keyOf(name));
  }

  /** All of them, the newest first. */
  list(): readonly Model[] {
    return [...this.#models.values()].toSorted((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime());
  }
}
