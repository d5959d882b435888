import { Chalk } from 'chalk';
import type { CheckResult } from '../../core/verdict.ts';

type Style = (text: string) => string;

/** Colours and signs for one output. Both fall back to plain text if the output cannot show them. */
export interface Paint {
  readonly good: Style;
  readonly bad: Style;
  readonly warn: Style;
  readonly dim: Style;
  readonly bold: Style;
  readonly accent: Style;
  readonly signs: Signs;
}

/** One sign for each kind of line. */
export interface Signs {
  readonly pass: string;
  readonly fail: string;
  readonly warn: string;
  readonly unknown: string;
  readonly skip: string;
  readonly add: string;
  readonly remove: string;
  readonly look: string;
  readonly undo: string;
  readonly note: string;
}

const UNICODE: Signs = {
  pass: '✓',
  fail: '✗',
  warn: '!',
  unknown: '?',
  skip: '–',
  add: '+',
  remove: '-',
  look: '·',
  undo: '↶',
  note: '›',
};
const PLAIN: Signs = {
  pass: 'ok',
  fail: 'FAILED',
  warn: 'warning',
  unknown: 'UNKNOWN',
  skip: '-',
  add: '+',
  remove: '-',
  look: '.',
  undo: 'undone',
  note: '>',
};

/** Colours and signs for an output: NO_COLOR and FORCE_COLOR as usual, colour only on a terminal, plain signs if the locale is not UTF-8. */
export function createPaint(environment: Readonly<Record<string, string | undefined>>, isTty: boolean): Paint {
  const chalk = new Chalk({ level: wantsColour(environment, isTty) ? 1 : 0 });
  return {
    good: chalk.green,
    bad: chalk.red,
    warn: chalk.yellow,
    dim: chalk.dim,
    bold: chalk.bold,
    accent: chalk.cyan,
    signs: speaksUnicode(environment) ? UNICODE : PLAIN,
  };
}

/** Whether to use colour, by https://no-color.org and https://force-color.org. FORCE_COLOR wins, as in Node.js. */
export function wantsColour(environment: Readonly<Record<string, string | undefined>>, isTty: boolean): boolean {
  const { FORCE_COLOR: force, NO_COLOR: none, TERM: term } = environment;
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (none !== undefined && none !== '') return false;
  return isTty && term !== 'dumb';
}

function speaksUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const { TERM: term, LC_ALL: all, LC_CTYPE: ctype, LANG: lang } = environment;
  const locale = [all, ctype, lang].find((name) => name !== undefined && name !== '');
  // Containers and CI have no locale at all; their logs are read as UTF-8.
  return term !== 'linux' && term !== 'dumb' && (locale === undefined || /utf-?8/i.test(locale));
}

/** The sign of a check's result, and its style. */
export function signOf({ signs, ...paint }: Paint, result: CheckResult): readonly [string, Style] {
  switch (result.outcome) {
    case 'pass':
      return [signs.pass, paint.good];
    case 'fail':
      return result.severity === 'error'
        ? [signs.fail, paint.bad]
        : result.severity === 'warning'
          ? [signs.warn, paint.warn]
          : [signs.note, paint.accent];
    case 'unknown':
      return [signs.unknown, result.severity === 'error' ? paint.bad : paint.warn];
    case 'skip':
    case 'not-applicable':
      return [signs.skip, paint.dim];
  }
}
