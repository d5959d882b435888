import { readFile, stat } from 'node:fs/promises';
import { errorCode } from '../../core/error.ts';
import type { Problem, Where } from '../../core/problem.ts';
import { readGatewayConfig, type GatewayConfig, type Reading } from '../../schema/gateway-config.ts';
import { pathText, type Issue } from '../../schema/issue.ts';
import { parseConfigText, type ConfigText } from './config-text.ts';
import { withIncluded } from './included-files.ts';

/** A configuration that was read. Without `config`, `errors` says why. */
export interface ConfigReading {
  readonly config?: GatewayConfig;
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Reads `config.yaml` and the files that it includes; each mistake is reported with its file and line. `again`: the file was read before,
 * so it is no pipe. The reading of a pipe without a writer never ends, and holds one of the few threads that Node reads files with.
 */
export async function loadConfigFile(file: string, reading: Reading, again = false): Promise<ConfigReading> {
  const read = (path: string, from?: Where): ReturnType<typeof readParsed> => readParsed(path, from, again);
  const root = await read(file);
  if ('problems' in root) return { errors: root.problems, warnings: [] };
  const whole = await withIncluded(root.parsed, read);
  return 'problems' in whole ? { errors: whole.problems, warnings: [] } : judge(whole.parsed, reading);
}

/** Reads the text of a `config.yaml` that includes no other file; `file` is its name in messages. */
export function readConfigText(text: string, file: string, reading: Reading): ConfigReading {
  const root = parseConfigText(text, file);
  return 'problems' in root ? { errors: root.problems, warnings: [] } : judge(root.parsed, reading);
}

async function readParsed(
  file: string,
  from: Where | undefined,
  again: boolean,
): Promise<ReturnType<typeof parseConfigText>> {
  try {
    const kind = await stat(file);
    if (kind.isCharacterDevice() || kind.isBlockDevice()) return { problems: [unreadable(file, 'a device', from)] };
    if (again && kind.isFIFO())
      return { problems: [unreadable(file, 'a pipe, which can be read once, at the start', from)] };
    return parseConfigText(await readFile(file, 'utf8'), file);
  } catch (error) {
    return { problems: [unreadable(file, foundBy(error), from)] };
  }
}

function judge({ value, whereOf, warnings }: ConfigText, reading: Reading): ConfigReading {
  const { config, issues } = readGatewayConfig(value, reading);
  const problems = issues.map((issue) => ({
    issue,
    problem: problemOf(issue, { ...whereOf(issue.path), path: pathText(issue.path) }),
  }));
  const ofSeverity = (severity: Issue['severity']): readonly Problem[] =>
    problems.filter(({ issue }) => issue.severity === severity).map(({ problem }) => problem);
  return {
    ...(config === undefined ? {} : { config }),
    errors: ofSeverity('error'),
    warnings: [...warnings, ...ofSeverity('warning')],
  };
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

const FOUND: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'a file that this user may not read',
  EISDIR: 'a folder',
};

function foundBy(error: unknown): string {
  const code = errorCode(error) || String(error);
  return FOUND[code] ?? code;
}

function unreadable(file: string, found: string, from: Where | undefined): Problem {
  const missing =
    from === undefined
      ? 'give the path of a config.yaml with --config'
      : 'correct the path under include: it is relative to the file that names it';
  return {
    code: 'config.not-readable',
    summary: from === undefined ? 'the configuration cannot be read' : `the included file ${file} cannot be read`,
    detail: `Expected a file that can be read, found ${found}.`,
    fix: found === FOUND['EACCES'] ? `ls -l ${file}` : missing,
    where: from ?? { file },
  };
}
