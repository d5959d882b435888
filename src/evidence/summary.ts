import { placeOf, type Problem } from '../core/problem.ts';
import type { CheckResult, Outcome } from '../core/verdict.ts';
import type { RunRecord } from './run-record.ts';

const WORDS: Readonly<Record<Outcome, string>> = {
  pass: 'ok',
  fail: 'FAILED',
  unknown: 'UNKNOWN',
  skip: 'skipped',
  'not-applicable': 'n/a',
};

/** summary.txt: a run in plain text. Checks that did not pass come with the expected value and the fix. */
export function summaryOf(record: RunRecord): string {
  const head = [
    `hxllm ${record.version} ${record.phase}: ${record.ending} (exit ${String(record.exitCode)})`,
    `run       ${record.run}, ${(record.durationMs / 1000).toFixed(1)} s, by ${record.by}`,
    `command   ${record.command.join(' ')}`,
    `hosts     ${record.hosts.length === 0 ? 'none' : record.hosts.join(', ')}`,
    `changes   ${String(record.changes)}`,
  ];
  const blocks = [head.join('\n'), ...record.problems.map(problemText), record.results.map(resultText).join('\n')];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function problemText(problem: Problem): string {
  const place = placeOf(problem.where);
  return [
    `PROBLEM ${problem.code}: ${below(problem.summary)}`,
    ...(place === '' ? [] : [`  where   ${place}`]),
    `  detail  ${below(problem.detail)}`,
    `  fix     ${below(problem.fix)}`,
  ].join('\n');
}

/** The further lines of a text, indented: none of them looks like a line of the summary. */
function below(text: string): string {
  return text.replaceAll(/\r?\n/g, '\n           ');
}

function resultText(result: CheckResult): string {
  const word = result.outcome === 'fail' && result.severity !== 'error' ? result.severity : WORDS[result.outcome];
  const line = `${word.padEnd(8)} ${result.host}  ${result.id}  ${result.title}: ${below(result.seen)}`;
  const expected = result.wanted === undefined ? [] : [`           expected  ${below(result.wanted)}`];
  const fix = result.fix === undefined ? [] : [`           fix       ${below(result.fix)}`];
  return [line, ...expected, ...fix].join('\n');
}
