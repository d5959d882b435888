import { fail, ok, type Problem, type Result, type Where } from '../../core/problem.ts';
import type { Literal } from '../python/literal.ts';
import { scalar, type ScalarValue, type Value, type Variables } from '../value.ts';
import { readExpression, type Expression, type Operand } from './expression.ts';

/** The variables that templates of one host may use. */
export interface Scope {
  readonly variables: Variables;
  /** Encrypted files without a password. A missing variable may be in one of them. */
  readonly lockedFiles: readonly string[];
}

/** Evaluates all templates of a value. A value that depends on a locked file is locked. */
export function resolveValue(value: Value, scope: Scope, within: readonly string[] = []): Result<Value> {
  if (value.kind === 'locked') return ok(value);
  if (value.kind === 'scalar')
    return typeof value.value === 'string' && !value.literal
      ? resolveText(value, value.value, scope, within)
      : ok(value);
  if (value.kind === 'list') {
    const items = value.items.map((item) => resolveValue(item, scope, within));
    const bad = items.find((item) => !item.ok);
    return bad ?? ok({ ...value, items: items.flatMap((item) => (item.ok ? [item.value] : [])) });
  }
  const entries: [string, Value][] = [];
  for (const [key, entry] of value.entries) {
    const resolved = resolveValue(entry, scope, within);
    if (!resolved.ok) return resolved;
    entries.push([key, resolved.value]);
  }
  return ok({ ...value, entries: new Map(entries) });
}

const PART = /(\{\{[^]*?\}\})/;

function resolveText(value: ScalarValue, text: string, scope: Scope, within: readonly string[]): Result<Value> {
  if (/\{[%#]/.test(text))
    return fail(unsupported(value.where, text.includes('{%') ? 'a statement {% … %}' : 'a comment {# … #}'));
  const parts = text.split(PART).filter((part) => part !== '');
  const results: Value[] = [];
  for (const part of parts) {
    if (!part.startsWith('{{') || !part.endsWith('}}')) {
      results.push(scalar(part, value.where, { encrypted: value.encrypted }));
      continue;
    }
    // {{- and -}} only strip white space, and a value that is one reference has none.
    const expression = readExpression(
      part
        .slice(2, -2)
        .replace(/^[-+]|[-+]$/g, '')
        .trim(),
    );
    if (typeof expression === 'string') return fail(unsupported(value.where, expression));
    const result = evaluate(expression, value.where, scope, within);
    if (!result.ok) return result;
    results.push(result.value);
  }
  const [only] = results;
  if (results.length === 1 && only !== undefined) return ok(parts[0]?.startsWith('{{') === true ? only : value);
  return results.length === 0 ? ok(value) : joinText(results, value);
}

/** A reference within other text is inserted as text. */
function joinText(parts: readonly Value[], value: ScalarValue): Result<Value> {
  const locked = parts.find((part) => part.kind === 'locked');
  if (locked !== undefined) return ok(locked);
  const odd = parts.find((part) => part.kind !== 'scalar');
  if (odd !== undefined) return fail(unsupported(value.where, `a ${odd.kind} (${odd.where.path ?? ''}) within text`));
  const text = parts.map((part) => (part.kind === 'scalar' ? pythonText(part.value) : '')).join('');
  return ok(scalar(text, value.where, { encrypted: parts.some((part) => part.encrypted), literal: true }));
}

function pythonText(value: ScalarValue['value']): string {
  if (value === null) return 'None';
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
}

function evaluate(expression: Expression, where: Where, scope: Scope, within: readonly string[]): Result<Value> {
  let found = lookUp(expression.start, where, scope, within);
  for (const { operand, orEmpty } of expression.defaults) {
    if (!found.ok) return found;
    if (found.value !== undefined && !(orEmpty && isEmpty(found.value))) break;
    found = lookUp(operand, where, scope, within);
  }
  if (!found.ok) return found;
  return found.value === undefined ? fail(undefinedName(expression.start, where)) : ok(found.value);
}

function lookUp(operand: Operand, where: Where, scope: Scope, within: readonly string[]): Result<Value | undefined> {
  if (operand.kind === 'literal') return ok(literalValue(operand.value, where));
  const { name, steps } = operand;
  if (within.includes(name))
    return fail({
      code: 'variables.circle',
      summary: 'circular reference between variables',
      detail: `Expected a value for ${name}, found ${[...within, name].join(' → ')}.`,
      fix: 'give one of them a value of its own',
      where,
    });
  const raw = scope.variables.get(name);
  const [locked] = scope.lockedFiles;
  // A missing variable may be in a file without a password, so its default does not apply.
  if (raw === undefined)
    return ok(locked === undefined ? undefined : { kind: 'locked', where, encrypted: true, file: locked });
  const resolved = resolveValue(raw, scope, [...within, name]);
  if (!resolved.ok) return resolved;
  return ok(steps.reduce<Value | undefined>((value, step) => stepInto(value, step), resolved.value));
}

function stepInto(value: Value | undefined, step: string | number): Value | undefined {
  if (value?.kind === 'locked') return value;
  if (value?.kind === 'map') return value.entries.get(String(step));
  return value?.kind === 'list' && typeof step === 'number' ? value.items.at(step) : undefined;
}

function isEmpty(value: Value): boolean {
  if (value.kind === 'scalar')
    return value.value === null || value.value === '' || value.value === false || value.value === 0;
  return value.kind === 'list' ? value.items.length === 0 : value.kind === 'map' && value.entries.size === 0;
}

function literalValue(literal: Literal, where: Where): Value {
  if (typeof literal !== 'object' || literal === null) return scalar(literal, where, { literal: true });
  if (literal instanceof Map)
    return {
      kind: 'map',
      where,
      encrypted: false,
      entries: new Map([...literal].map(([key, entry]) => [String(key), literalValue(entry, where)])),
    };
  return {
    kind: 'list',
    where,
    encrypted: false,
    items: Array.from(literal as readonly Literal[], (item) => literalValue(item, where)),
  };
}

function unsupported(where: Where, what: string): Problem {
  return {
    code: 'variables.template',
    summary: `unsupported template in ${where.path ?? 'a value'}`,
    detail: `Expected a plain reference such as {{ other_variable }}, optionally with default(), found ${what}.`,
    fix: `write the value of ${where.path ?? 'the variable'} instead, or move the expression to a file that only Ansible reads`,
    where,
  };
}

function undefinedName(operand: Operand, where: Where): Problem {
  const name = operand.kind === 'name' ? [operand.name, ...operand.steps].join('.') : '';
  return {
    code: 'variables.undefined',
    summary: `${where.path ?? 'a value'} uses an undefined variable`,
    detail: `Expected a value for ${name}, found none for this host.`,
    fix: `define ${name}, or write {{ ${name} | default(VALUE) }}`,
    where,
  };
}
