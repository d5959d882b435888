import { printable } from '../../core/printable.ts';
import { failsPhase, type CheckResult } from '../../core/verdict.ts';
import { silentHosts, type RunReport } from './run-report.ts';

/** A summary of a CI server holds 1 MiB; a longer one is dropped whole. */
const MOST_ROWS = 400;
const MOST_CHARACTERS = 1000;

/** The run in Markdown, for the summary of a CI server: its ending, then failures with their fix, warnings, steps and counts. */
export function markdownReport(report: RunReport): string {
  const { record, steps } = report;
  const { phase, ending, exitCode, durationMs, changes, hosts, by, run, results, problems } = record;
  const failures = results.filter(failsPhase);
  const isLesser = (result: CheckResult): boolean =>
    !failsPhase(result) && (result.outcome === 'fail' || result.outcome === 'unknown');
  const silent = silentHosts(report);
  const sections = [
    `# hxllm ${phase}: ${ending}`,
    `${hosts.length === 0 ? 'No host' : hosts.map(code).join(', ')} · exit code ${String(exitCode)} · ${(durationMs / 1000).toFixed(1)} s · ${String(changes)} changes · run ${code(run)} by ${code(by)}`,
    ...section(
      'Problems',
      ['', 'place', 'problem', 'fix'],
      [
        ...problems.map(({ code: id, summary, detail, fix, where }) => [
          id,
          where?.host ?? where?.file ?? '',
          `${summary}: ${detail}`,
          fix,
        ]),
        ...silent.map(({ host, why }) => ['host', host, why, '']),
      ],
    ),
    ...section('Failed checks', ['host', 'check', 'expected', 'found', 'fix'], failures.map(rowOf)),
    ...section('Warnings', ['host', 'check', 'expected', 'found', 'fix'], results.filter(isLesser).map(rowOf)),
    ...section(
      'Steps',
      ['host', 'step', 'state', 'detail'],
      steps.map(({ host, title, state, detail }) => [host, title, state, detail ?? '']),
    ),
    countLine(results),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function rowOf({ host, title, id, wanted, seen, fix }: CheckResult): readonly string[] {
  return [host, `${title} (${id})`, wanted ?? '', seen, fix ?? ''];
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const shown = rows.slice(0, MOST_ROWS);
  const more = rows.length > shown.length ? [`… and ${String(rows.length - shown.length)} more: see run.json.`] : [];
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [`## ${title}`, [line(head), line(head.map(() => '---')), ...shown.map(line)].join('\n'), ...more];
}

function countLine(results: readonly CheckResult[]): string {
  const count = (outcome: CheckResult['outcome']): number => results.filter((each) => each.outcome === outcome).length;
  if (results.length === 0) return '';
  return `${String(results.length)} checks: ${String(count('pass'))} passed, ${String(count('fail'))} failed, ${String(count('unknown'))} unknown, ${String(count('skip'))} skipped, ${String(count('not-applicable'))} not applicable.`;
}

// Neither a server's answer nor a host's name makes a link, an image, a tag or a column.
function cell(text: string): string {
  const plain = printable(text).replaceAll(/\s+/g, ' ').trim();
  const short = plain.length > MOST_CHARACTERS ? `${plain.slice(0, MOST_CHARACTERS)}…` : plain;
  return short.replaceAll(/[\\`*_[\]<>|#~@!&]/g, String.raw`\$&`);
}

function code(text: string): string {
  return `\`${printable(text).replaceAll(/[`\s]+/g, ' ')}\``;
}
