import { isObject, parseObject, type Json } from '../../../core/json.ts';
import { fail, ok, type Problem, type Result } from '../../../core/problem.ts';
import { quote } from '../../../core/shell.ts';
import { PLAN_VERSION, sealOf, type SavedPlan } from './document.ts';

/** The command that makes a new plan in a file. */
export function planAgain(file: string): string {
  return `hxllm enforce --dry-run --out ${quote(file)}  # makes a new plan`;
}

/** Reads the text of a saved plan. Problems: `plan.damaged`, `plan.other-format`. */
export function parsePlan(text: string, file: string): Result<SavedPlan> {
  const json = parseObject(text);
  if (json === undefined)
    return damaged(
      file,
      'Expected the JSON document of a plan',
      text.trim() === '' ? 'an empty file' : 'something else, or a part of one',
    );
  const version = json['schemaVersion'];
  if (typeof version !== 'number' || typeof json['salt'] !== 'string' || typeof json['sha256'] !== 'string')
    return damaged(file, 'Expected the document of hxllm enforce --dry-run --out', 'another JSON document');
  if (version !== PLAN_VERSION)
    return fail(
      problem(
        'plan.other-format',
        'the plan was saved by another hxllm',
        `Expected version ${String(PLAN_VERSION)} of the format, found ${String(version)}. Nothing was touched.`,
        file,
      ),
    );
  const seal = sealOf(json);
  if (seal !== json['sha256'])
    return damaged(
      file,
      `Expected the SHA-256 ${json['sha256']}, which the plan states for itself`,
      `${seal}: it was damaged or edited by hand. A plan is changed by changing the variables and planning again`,
    );
  if (!isPlan(json)) return damaged(file, 'Expected all parts of a plan', 'a document without some of them');
  return ok(json);
}

function damaged(file: string, expected: string, found: string): Result<never> {
  const detail = `${expected}, found ${found}. Nothing was touched.`;
  return fail(problem('plan.damaged', 'the file is no whole plan', detail, file));
}

function problem(code: string, summary: string, detail: string, file: string): Problem {
  return { code, summary, detail, fix: planAgain(file), where: { file } };
}

/** Whether a document with the right seal has the parts that are read of it. */
function isPlan(json: Json): json is Json & SavedPlan {
  const { program, options, hosts, madeAt } = json;
  return (
    isObject(program) &&
    hasTexts(program, 'version', 'gateway') &&
    hasTexts(json, 'madeAt', 'madeBy', 'timestamp') &&
    !Number.isNaN(Date.parse(String(madeAt))) &&
    isObject(options) &&
    typeof options['takeOver'] === 'boolean' &&
    typeof options['allowDowngrade'] === 'boolean' &&
    Array.isArray(hosts) &&
    hosts.every(isHost)
  );
}

function isHost(host: unknown): boolean {
  if (!isObject(host) || !hasTexts(host, 'host', 'machine', 'plan')) return false;
  const { steps, facts, wanted } = host;
  return Array.isArray(steps) && [facts, wanted].every((list) => Array.isArray(list) && list.every(isFact));
}

function isFact(fact: unknown): boolean {
  return (
    isObject(fact) &&
    hasTexts(fact, 'hash') &&
    Array.isArray(fact['path']) &&
    fact['path'].every((part) => typeof part === 'string')
  );
}

function hasTexts(json: Json, ...names: readonly string[]): boolean {
  return names.every((name) => typeof json[name] === 'string');
}
