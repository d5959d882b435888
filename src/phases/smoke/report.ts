import type { CheckResult } from '../../core/verdict.ts';
import type { Exchange } from './exchange.ts';
import type { SmokeTarget } from './target.ts';

const KEPT_CHARACTERS = 8000;

/** The exchanges and results of one target. */
export interface TargetReport {
  readonly target: SmokeTarget;
  readonly exchanges: readonly Exchange[];
  readonly results: readonly CheckResult[];
}

/** The report as data: every request with its answer (long ones are cut, with a note) and its latencies, and every verdict. */
export function reportAsData(reports: readonly TargetReport[]): object {
  return {
    targets: reports.map(({ target, exchanges, results }) => ({
      name: target.name,
      url: target.url,
      exchanges: exchanges.map(({ asked, outcome }) => ({
        asked,
        ...(outcome.answered
          ? { reply: { ...outcome.reply, body: cut(outcome.reply.body) } }
          : { trouble: outcome.trouble }),
      })),
      results,
    })),
  };
}

/** The report in Markdown. */
export function reportAsMarkdown(reports: readonly TargetReport[]): string {
  return `# Smoke test\n${reports.map((report) => `\n${oneTarget(report)}`).join('')}`;
}

function oneTarget({ target, exchanges, results }: TargetReport): string {
  const verdicts = results.map(({ id, outcome, seen, wanted }) =>
    row([id, outcome, wanted === undefined ? seen : `expected ${wanted}, found ${seen}`]),
  );
  const requests = exchanges.map(({ asked, outcome }) => {
    const answer = outcome.answered
      ? [
          String(outcome.reply.status),
          String(outcome.reply.firstByteMs),
          String(outcome.reply.totalMs),
          outcome.reply.headers['x-hxllm-backend'] ?? '',
        ]
      : [outcome.trouble.seen, '', '', ''];
    return row([`${asked.method} ${new URL(asked.url).pathname}`, asked.key, ...answer]);
  });
  return [
    `## ${target.name}`,
    '',
    target.url,
    '',
    row(['check', 'outcome', 'found']),
    row(['---', '---', '---']),
    ...verdicts,
    '',
    row(['request', 'key', 'status', 'first byte, ms', 'whole, ms', 'backend']),
    row(['---', '---', '---:', '---:', '---:', '---']),
    ...requests,
    '',
  ].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll(/\s+/g, ' ').replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}

function cut(text: string): string {
  return text.length <= KEPT_CHARACTERS
    ? text
    : `${text.slice(0, KEPT_CHARACTERS)}… (${String(text.length)} characters in all)`;
}
