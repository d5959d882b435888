import type { Problem, Where } from '../core/problem.ts';

/** Collects errors and warnings, so that one run reports all of them. Equal ones count once. */
export class Findings {
  readonly #errors = new Map<string, Problem>();
  readonly #warnings = new Map<string, Problem>();

  error(problem: Problem): void {
    this.#errors.set(identityOf(problem), problem);
  }

  warning(problem: Problem): void {
    this.#warnings.set(identityOf(problem), problem);
  }

  /** Adds an error: a value of the wrong type. */
  wrong(where: Where, wanted: string, seen: string, fix: string): void {
    this.error({
      code: 'variables.wrong-value',
      summary: `invalid ${where.path ?? 'value'}`,
      detail: `Expected ${wanted}, found ${seen}.`,
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

// Hosts of a group share its variables, and each host would report the same line.
function identityOf(problem: Problem): string {
  return JSON.stringify([problem.code, problem.where, problem.detail]);
}
