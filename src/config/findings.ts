import type { Problem, Where } from '../core/problem.ts';

/** Collects what is wrong and what is questionable, so that one run names everything; the same thing twice counts once. */
export class Findings {
  readonly #errors = new Map<string, Problem>();
  readonly #warnings = new Map<string, Problem>();

  error(problem: Problem): void {
    this.#errors.set(identityOf(problem), problem);
  }

  warning(problem: Problem): void {
    this.#warnings.set(identityOf(problem), problem);
  }

  /** A value of the wrong kind. */
  wrong(where: Where, wanted: string, seen: string, fix: string): void {
    this.error({
      code: 'variables.wrong-value',
      summary: `${where.path ?? 'a value'} is not usable`,
      detail: `Wanted ${wanted}; seen ${seen}.`,
      fix,
      where,
    });
  }

  get errors(): readonly Problem[] {
    return [...this.#errors.values()];
  }

  get warnings(): readonly Problem[] {
    return [...this.#warnings.values()];
  }
}

// Two hosts of a group share its variables, and each would report the same line.
function identityOf(problem: Problem): string {
  return JSON.stringify([problem.code, problem.where, problem.detail]);
}
