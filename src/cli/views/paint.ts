import { Chalk } from 'chalk';
import type { CheckResult } from '../../core/verdict.ts';

type Style = (text: string) => string;

/** Colours and symbols for one output; both fall back to plain text where they would not be seen. */
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

/** Paints for an output by its environment: NO_COLOR and FORCE_COLOR as everywhere, colour on a terminal only, plain signs where the locale has no others. */
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

/** https://no-color.org and https://force-color.org; FORCE_COLOR wins, as in Node itself. */
export function wantsColour(environment: Readonly<Record<string, string | undefined>>, isTty: boolean): boolean {
  const { FORCE_COLOR: force, NO_COLOR: none, TERM: term } = environment;
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (none !== undefined && none !== '') return false;
  return isTty && term !== 'dumb';
}

function speaksUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const { TERM: term, LC_ALL: all, LC_CTYPE: ctype, LANG: lang } = environment;
  const locale = [all, ctype, lang].find((name) => name !== undefined && name !== '');
  // No locale at all is what containers and CI have; their logs are read in UTF-8.
  return term !== 'linux' && term !== 'dumb' && (locale === undefined || /utf-?8/i.test(locale));
}

/** The sign of a check that was judged, and its style. */
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
