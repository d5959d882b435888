import type { CheckResult } from '../../core/verdict.ts';
import { escaped } from './markup.ts';
import { familyOf, problemLines, silentHosts, type RunReport } from './run-report.ts';

/** A test case of JUnit. */
interface Case {
  readonly host: string;
  readonly className: string;
  readonly name: string;
  readonly seconds?: number;
  readonly kind: 'passed' | 'failure' | 'error' | 'skipped';
  readonly message?: string;
  readonly text?: string;
}

/**
 * The run in the format of JUnit: a suite for each host, a case for each check, step and Problem. A check of severity error that failed is a
 * failure, one that is unknown an error. A warning is a passed case with its text. A host without any result is an error.
 */
export function junitReport(report: RunReport): string {
  const { record, steps } = report;
  const phase = record.phase;
  const cases: readonly Case[] = [
    ...record.results.map((result) => caseOfCheck(phase, result)),
    ...steps.map(({ host, id, title, state, detail, durationMs }): Case => {
      const kind = {
        done: 'passed',
        planned: 'skipped',
        started: 'error',
        unknown: 'error',
        failed: 'failure',
        undone: 'failure',
      } as const;
      return {
        host,
        className: `${phase}.step`,
        name: `${id}: ${title}`,
        kind: kind[state],
        ...(durationMs === undefined ? {} : { seconds: durationMs / 1000 }),
        message: detail === undefined || detail === '' ? state : `${state}: ${detail}`,
      };
    }),
    ...record.problems.map((problem): Case => ({
      host: problem.where?.host ?? '-',
      className: `${phase}.problem`,
      name: problem.code,
      kind: 'error',
      message: problem.summary,
      text: problemLines(problem),
    })),
    ...silentHosts(report).map(({ host, why }): Case => ({
      host,
      className: `${phase}.host`,
      name: 'the host answers',
      kind: 'error',
      message: why,
    })),
  ];
  // A run that ended badly before its first check is no empty, green document.
  const isTold = cases.some(({ kind }) => kind === 'failure' || kind === 'error');
  const all: readonly Case[] =
    isTold || ['passed', 'pending'].includes(record.ending)
      ? cases
      : [...cases, { host: '-', className: phase, name: 'the run ends', kind: 'error', message: record.ending }];
  const suites = [...Map.groupBy(all, ({ host }) => host)].map(([host, own]) => suite(host, own, record.startedAt));
  const seconds = (record.durationMs / 1000).toFixed(3);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="hxllm ${escaped(phase)}" ${counts(all)} time="${seconds}">\n${suites.join('')}</testsuites>\n`;
}

function caseOfCheck(phase: string, result: CheckResult): Case {
  const { host, id, title, outcome, severity, seen, wanted, fix } = result;
  const className = `${phase}.${familyOf(result)}`;
  const fields = [
    ...(wanted === undefined ? [] : [`expected: ${wanted}`]),
    `found: ${seen}`,
    ...(fix === undefined ? [] : [`fix: ${fix}`]),
  ];
  const base = { host, className, name: `${id}: ${title}`, message: seen, text: fields.join('\n') };
  if (outcome === 'skip' || outcome === 'not-applicable') return { ...base, kind: 'skipped' };
  if (outcome === 'pass') return { ...base, kind: 'passed' };
  if (severity !== 'error') return { ...base, kind: 'passed', text: `${severity}: ${fields.join('\n')}` };
  return { ...base, kind: outcome === 'unknown' ? 'error' : 'failure' };
}

function suite(host: string, cases: readonly Case[], startedAt: string): string {
  const lines = cases.map(({ className, name, seconds, kind, message = '', text = '' }) => {
    const head = `    <testcase classname="${escaped(className)}" name="${escaped(name)}" time="${(seconds ?? 0).toFixed(3)}"`;
    const body = escaped(text);
    switch (kind) {
      case 'skipped':
        return `${head}><skipped message="${inAttribute(message)}"/></testcase>\n`;
      case 'failure':
      case 'error':
        return `${head}><${kind} message="${inAttribute(message)}">${body}</${kind}></testcase>\n`;
      case 'passed':
        return text === '' ? `${head}/>\n` : `${head}><system-out>${body}</system-out></testcase>\n`;
    }
  });
  return `  <testsuite name="${escaped(host)}" ${counts(cases)} timestamp="${escaped(startedAt.replace(/\.\d+Z$/, ''))}">\n${lines.join('')}  </testsuite>\n`;
}

function counts(cases: readonly Case[]): string {
  const count = (kind: Case['kind']): string => String(cases.filter((each) => each.kind === kind).length);
  return `tests="${String(cases.length)}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`;
}

function inAttribute(text: string): string {
  return escaped(text).replaceAll('\n', '&#10;');
}
