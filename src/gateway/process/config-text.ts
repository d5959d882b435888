import { LineCounter, parseDocument, type Document, type ScalarTag } from 'yaml';
import { errorMessage } from '../../core/error.ts';
import type { Problem, Where } from '../../core/problem.ts';
import { yamlMessage } from '../../core/yaml-message.ts';
import { pathText, type DocumentPath } from '../../schema/issue.ts';
import { repeatedKeys, type RepeatedKey } from './repeated-keys.ts';
import { offsetOf } from './config-offset.ts';

/**
 * Most values that the aliases of a file may stand for. Each entry of a large fleet may merge one anchor, which yaml's own limit of
 * 100 refuses; aliases of aliases reach a million with eight lines.
 */
const MOST_ALIASES = 100_000;

/** Most errors of one file that are told: an open bracket makes an error of each line behind it. */
const MOST_ERRORS = 20;

/** One file of a configuration, parsed. */
export interface ConfigText {
  readonly file: string;
  readonly value: unknown;
  /** The place of a path of `value`, or of its nearest parent. */
  readonly whereOf: (path: DocumentPath) => Where;
  readonly warnings: readonly Problem[];
}

/** PyYAML's other words for true and false. */
const YAML_1_1_BOOLEAN: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:[Yy]es|YES|[Oo]n|ON|[Nn]o|NO|[Oo]ff|OFF)$/,
  resolve: (text) => /^(?:yes|on)$/i.test(text),
};

/** Parses the text of a file; `file` is its name in messages. */
export function parseConfigText(
  given: string,
  file: string,
): { readonly parsed: ConfigText } | { readonly problems: readonly Problem[] } {
  // LiteLLM opens the file as text: Python makes a line break of each CR. yaml knows none without an LF.
  const text = given.replaceAll(/\r(?!\n)/g, '\n');
  const lines = new LineCounter();
  const intAsBigInt = /\d{16}/.test(text);
  // PyYAML reads merge keys, repeated keys and more booleans, and so does LiteLLM.
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    uniqueKeys: false,
    customTags: (tags) => [YAML_1_1_BOOLEAN, ...tags],
    prettyErrors: false,
    intAsBigInt,
  });
  const at = (offset: number | undefined): Where => {
    if (offset === undefined) return { file };
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  if (document.errors.length > 0)
    return { problems: document.errors.slice(0, MOST_ERRORS).map((error) => notYaml(error.message, at(error.pos[0]))) };
  const repeats = repeatedKeys(document).map((key) => ({ key, problem: repeatedKey(key, at) }));
  const refused = repeats.filter(({ key: { path } }) => path[0] === OWN || path.at(-1) === MASTER_KEY);
  if (refused.length > 0) return { problems: refused.map(({ problem }) => problem) };
  const value = toValue(document, intAsBigInt);
  if (!value.ok) return { problems: [notYaml(value.message, { file })] };
  const warnings = repeats.map(({ problem }) => problem);
  return { parsed: { file, value: value.value, whereOf: (path) => at(offsetOf(document, path)), warnings } };
}

// Aliases that refer to each other, or grow without bound, show only here.
function toValue(
  document: Document,
  intAsBigInt: boolean,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string } {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    if (refersToItself(value)) return { ok: false, message: 'an alias refers to the value that contains it' };
    // A reviver follows circles without end.
    return {
      ok: true,
      value: intAsBigInt ? document.toJS({ reviver: withoutBigInt, maxAliasCount: MOST_ALIASES }) : value,
    };
  } catch (error) {
    return { ok: false, message: errorMessage(error) };
  }
}

// A seed has 64 bits, of which a number of JavaScript holds 53: a larger one is read as text.
function withoutBigInt(key: unknown, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return key === 'seed' && !Number.isSafeInteger(Number(value)) ? String(value) : Number(value);
}

/** Whether a list or mapping contains itself, as `&a [*a]` makes one: no reader of a configuration could walk it. */
function refersToItself(root: unknown): boolean {
  const open = new Set<object>();
  const closed = new Set<object>();
  const isCircular = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null || closed.has(value)) return false;
    if (open.has(value)) return true;
    open.add(value);
    const found = Object.values(value).some(isCircular);
    open.delete(value);
    closed.add(value);
    return found;
  };
  return isCircular(root);
}

/** In these a repeated key is no habit of LiteLLM's files, and the wrong one may open the gateway. */
const OWN = 'hxllm';
const MASTER_KEY = 'master_key';

function repeatedKey({ path, offset, lastOffset }: RepeatedKey, at: (offset: number | undefined) => Where): Problem {
  const { line } = at(lastOffset);
  return {
    code: 'config.duplicate-key',
    summary: pathText(path),
    detail: `Expected each key once, found ${String(path.at(-1))} again in line ${String(line)}, which counts.`,
    fix: 'remove one of them',
    where: { ...at(offset), path: pathText(path) },
  };
}

/** V8's words. */
const STACK_OVERFLOW = /^Maximum call stack size exceeded/;

function notYaml(message: string, where: Where): Problem {
  return {
    code: 'config.not-yaml',
    summary: 'this is not YAML',
    detail: `Expected YAML, found: ${STACK_OVERFLOW.test(message) ? 'values nested too deeply, or a mapping merged into itself' : yamlMessage(message)}.`,
    fix: 'correct the line; indentation is by spaces, and text with ": " or "#" in it is quoted',
    where,
  };
}
