import type { HiddenFile } from '../../config/variables/files.ts';
import type { ExplainedVariable } from '../../config/variables/explain.ts';
import { placeOf } from '../../core/problem.ts';
import type { Paint } from './paint.ts';

/** The definitions of a host's variables, and the files that may hold more. */
export interface Explanation {
  readonly host: string;
  /** The variable that was asked for; `undefined`: all. */
  readonly variable: string | undefined;
  readonly variables: readonly ExplainedVariable[];
  /** Encrypted files without a password. */
  readonly lockedFiles: readonly string[];
  /** Files that Ansible never reads, since another one hides them. */
  readonly hiddenFiles: readonly HiddenFile[];
  /** hxllm's default of the variable. */
  readonly defaultValue: unknown;
  /** A known name close to the one that was asked for. */
  readonly meant: string | undefined;
}

/** The explanation for people: each variable, and below it its definitions, the one that counts first. */
export function explanationLines(explanation: Explanation, paint: Paint): readonly string[] {
  const { host, variable, variables, lockedFiles, hiddenFiles } = explanation;
  const lines: string[] = [];
  for (const { name, definitions } of variables) {
    const [first] = definitions;
    if (first === undefined) continue;
    lines.push(paint.bold(`${name} = ${first.shown}`));
    for (const [index, { where, shown, rule, overriddenBecause }] of definitions.entries()) {
      const place =
        placeOf({
          ...(where.file === undefined ? {} : { file: where.file }),
          ...(where.line === undefined ? {} : { line: where.line }),
        }) ||
        (where.path ?? '');
      if (index === 0) lines.push(`  ${paint.good(paint.signs.pass)} ${place}  ${paint.dim(rule)}`);
      else {
        lines.push(`  ${paint.dim(paint.signs.skip)} ${place}  ${shown}  ${paint.dim(rule)}`);
        lines.push(`      ${paint.dim(`overridden: ${overriddenBecause ?? ''}`)}`);
      }
    }
  }
  if (variable !== undefined && variables.length === 0) lines.push(...undefinedLines(explanation));
  if (variables.length === 0 && variable === undefined) lines.push(`No file defines a variable for ${host}.`);
  for (const file of lockedFiles)
    lines.push(
      `${paint.warn(paint.signs.unknown)} ${file} is encrypted, and no vault password was given: it may define ${variable ?? 'more'} (--ask-vault-pass)`,
    );
  for (const { file, by } of hiddenFiles)
    lines.push(
      `${paint.warn(paint.signs.warn)} ${file} is never read: ${by} comes before it, and Ansible reads the first alone`,
    );
  return lines;
}

function undefinedLines({ host, variable = '', defaultValue, meant, lockedFiles }: Explanation): readonly string[] {
  const where = lockedFiles.length === 0 ? 'No file defines' : 'No readable file defines';
  return [
    `${where} ${variable} for ${host}.${defaultValue === undefined ? '' : ` hxllm’s default: ${JSON.stringify(defaultValue)}.`}`,
    ...(meant === undefined ? [] : [`Did you mean ${meant}?`]),
  ];
}

/** The explanation as a document. A value that is encrypted or secret is not in it. */
export function explanationDocument({ host, variables, lockedFiles, hiddenFiles }: Explanation): unknown {
  return {
    schemaVersion: 1,
    host,
    variables: variables.map(({ name, definitions }) => ({
      name,
      definitions: definitions.map(({ where, shown, encrypted, rule, overriddenBecause }, index) => ({
        counts: index === 0,
        ...(where.file === undefined ? { source: where.path } : { file: where.file, line: where.line }),
        shown,
        encrypted,
        rule,
        ...(overriddenBecause === undefined ? {} : { overriddenBecause }),
      })),
    })),
    lockedFiles,
    hiddenFiles,
  };
}
