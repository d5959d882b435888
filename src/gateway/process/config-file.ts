import { errorCode, errorMessage } from '../../core/error.ts';
import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument, type Document } from 'yaml';
import type { Problem, Where } from '../../core/problem.ts';
import { readGatewayConfig, type GatewayConfig, type Reading } from '../../schema/gateway-config.ts';
import { pathText, type Issue } from '../../schema/issue.ts';
import { offsetOf } from './config-offset.ts';

/** A configuration that was read. Without `config`, `errors` says why. */
export interface ConfigReading {
  readonly config?: GatewayConfig;
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Reads `config.yaml`; each mistake is reported with its line. */
export async function loadConfigFile(file: string, reading: Reading): Promise<ConfigReading> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { errors: [unreadable(file, error)], warnings: [] };
  }
  return readConfigText(text, file, reading);
}

/** Reads the text of a `config.yaml`; `file` is its name in messages. */
export function readConfigText(text: string, file: string, reading: Reading): ConfigReading {
  const lines = new LineCounter();
  // PyYAML reads merge keys too.
  const intAsBigInt = /\d{16}/.test(text);
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, intAsBigInt });
  const at = (offset: number | undefined): Where => {
    if (offset === undefined) return { file };
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  if (document.errors.length > 0)
    return { errors: document.errors.map((error) => notYaml(error.message, at(error.pos[0]))), warnings: [] };
  const value = toValue(document, intAsBigInt);
  if (!value.ok) return { errors: [notYaml(value.message, { file })], warnings: [] };
  const { config, issues } = readGatewayConfig(value.value, reading);
  const problems = issues.map((issue) => ({
    issue,
    problem: problemOf(issue, { ...at(offsetOf(document, issue.path)), path: pathText(issue.path) }),
  }));
  const ofSeverity = (severity: Issue['severity']): readonly Problem[] =>
    problems.filter(({ issue }) => issue.severity === severity).map(({ problem }) => problem);
  return { ...(config === undefined ? {} : { config }), errors: ofSeverity('error'), warnings: ofSeverity('warning') };
}

/** An issue as a Problem for a person. */
export function problemOf(issue: Issue, where: Where): Problem {
  return {
    code: issue.code,
    summary: issue.path.length === 0 ? 'the document as a whole' : pathText(issue.path),
    detail: `${issue.message.charAt(0).toUpperCase()}${issue.message.slice(1)}${issue.message.endsWith('?') ? '' : '.'}`,
    fix: issue.fix,
    where,
  };
}

// Aliases that refer to each other, or grow without bound, show only here.
function toValue(
  document: Document,
  intAsBigInt: boolean,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string } {
  try {
    const value: unknown = document.toJS();
    if (refersToItself(value)) return { ok: false, message: 'an alias refers to the value that contains it' };
    // A reviver follows circles without end.
    return { ok: true, value: intAsBigInt ? document.toJS({ reviver: withoutBigInt }) : value };
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

function notYaml(message: string, where: Where): Problem {
  return {
    code: 'config.not-yaml',
    summary: 'this is not YAML',
    detail: `Expected YAML, found: ${message.replace(/\.$/, '')}.`,
    fix: 'correct the line; indentation is by spaces, and text with ": " or "#" in it is quoted',
    where,
  };
}

function unreadable(file: string, error: unknown): Problem {
  const code = errorCode(error) || String(error);
  const found =
    code === 'ENOENT'
      ? 'no such file'
      : code === 'EACCES'
        ? 'a file that this user may not read'
        : code === 'EISDIR'
          ? 'a folder'
          : code;
  return {
    code: 'config.not-readable',
    summary: 'the configuration cannot be read',
    detail: `Expected a file that can be read, found ${found}.`,
    fix: code === 'EACCES' ? `ls -l ${file}` : 'give the path of a config.yaml with --config',
    where: { file },
  };
}
