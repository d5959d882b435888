import type { Where } from '../../core/problem.ts';
import type { Findings } from '../findings.ts';
import { describeValue, type Value, type Variables } from '../value.ts';
import { resolveValue, type Scope } from './template.ts';
import { readBoolean } from './boolean.ts';

/** Reads single values. A wrong value reads as `undefined` and adds a Problem to the findings. */
export class Reader {
  readonly findings: Findings;

  constructor(findings: Findings) {
    this.findings = findings;
  }

  wrong(value: Value, wanted: string, fix?: string): undefined {
    if (value.kind === 'locked') {
      this.findings.error({
        code: 'vault.password-needed',
        summary: `${value.where.path ?? 'a value'} may be in an encrypted file`,
        detail: `Expected ${wanted}, found an encrypted value (${value.file}) and no vault password.`,
        fix: 'run again with --ask-vault-pass or --vault-password-file FILE',
        where: value.where,
      });
    } else
      this.findings.wrong(
        value.where,
        wanted,
        describeValue(value),
        fix ?? `correct ${value.where.path ?? 'the value'}`,
      );
    return undefined;
  }

  text(value: Value | undefined, wanted: string, fix?: string): string | undefined {
    if (value === undefined) return undefined;
    if (value.kind === 'scalar' && typeof value.value === 'string' && value.value.trim() !== '')
      return value.value.trim();
    // Ollama allows a model named 7, but YAML reads it as a number.
    return this.wrong(
      value,
      wanted,
      fix ?? (value.kind === 'scalar' && typeof value.value === 'number' ? 'put it into quotation marks' : undefined),
    );
  }

  integer(
    value: Value | undefined,
    range: { readonly from: number; readonly to: number },
    wanted: string,
  ): number | undefined {
    if (value === undefined) return undefined;
    const number =
      value.kind === 'scalar' &&
      (typeof value.value === 'number' || (typeof value.value === 'string' && /^\d+$/.test(value.value.trim())))
        ? Number(value.value)
        : Number.NaN;
    return Number.isInteger(number) && number >= range.from && number <= range.to ? number : this.wrong(value, wanted);
  }

  parsed(value: Value | undefined): boolean | undefined {
    if (value === undefined) return undefined;
    const parsed = value.kind === 'scalar' ? readBoolean(value.value) : undefined;
    return parsed ?? this.wrong(value, 'true or false');
  }

  list(value: Value | undefined, wanted: string, fix?: string): readonly Value[] | undefined {
    if (value === undefined) return undefined;
    return value.kind === 'list' && value.items.length > 0 ? value.items : this.wrong(value, wanted, fix);
  }
}

/** The variables of one host. Templates are evaluated only when a variable is read. */
export class HostVariables {
  readonly scope: Scope;
  readonly #findings: Findings;

  constructor(scope: Scope, findings: Findings) {
    this.scope = scope;
    this.#findings = findings;
  }

  get all(): Variables {
    return this.scope.variables;
  }

  /** The value of the first name that is defined. */
  get(...names: readonly string[]): Value | undefined {
    const raw = names.map((name) => this.scope.variables.get(name)).find((value) => value !== undefined);
    if (raw === undefined) return undefined;
    const resolved = resolveValue(raw, this.scope, names);
    if (resolved.ok) return resolved.value;
    for (const problem of resolved.problems) this.#findings.error(problem);
    return undefined;
  }

  /** The origin of each `litellm_*` variable. */
  origins(): Readonly<Record<string, Where>> {
    return Object.fromEntries(
      [...this.scope.variables]
        .filter(([name]) => name.startsWith('litellm_'))
        .map(([name, value]) => [name, value.where]),
    );
  }
}
