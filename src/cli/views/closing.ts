import { failsPhase } from '../../core/verdict.ts';
import type { Page } from '../docs/pages.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import { field, type Layout } from './check.ts';
import { flow } from './flow.ts';
import { repeatsCheck } from './problem.ts';
import { seconds } from './step.ts';

const WORDS: Readonly<Record<PhaseOutcome['ending'], string>> = {
  passed: 'passed',
  failed: 'failed',
  pending: 'has changes pending',
  declined: 'was declined; nothing was changed',
  aborted: 'was interrupted',
  crashed: 'crashed; this is a bug in hxllm',
  'cut-off': 'was cut off',
};

/** The page that helps after a failure, by phase. */
const HELP: ReadonlyMap<string, Page> = new Map([
  ['preflight', 'install'],
  ['inventory', 'configuration'],
  ['validate', 'configuration'],
  ['enforce', 'operations'],
  ['smoke', 'operations'],
  ['rollback', 'operations'],
  ['uninstall', 'operations'],
]);

/** The last lines of a phase: its ending with counts and duration, its evidence and the head of the chain, the next command; after a failure a page. */
export function closingBlock(
  outcome: PhaseOutcome,
  evidence: string | undefined,
  next: string | undefined,
  layout: Layout,
): string {
  const { paint, columns, indent } = layout;
  const good = outcome.ending === 'passed';
  const open = outcome.ending === 'pending' || outcome.ending === 'declined';
  const [sign, style] = good
    ? [paint.signs.pass, paint.good]
    : open
      ? [paint.signs.note, paint.accent]
      : [paint.signs.fail, paint.bad];
  const head = `${outcome.phase} ${WORDS[outcome.ending]}`;
  const counts = countsOf(outcome).join(', ');
  const tail = `${counts === '' ? '' : `: ${counts}`} (${seconds(outcome.durationMs)})`;
  const lines = flow(
    [{ text: sign, paint: style }, { text: head, paint: (text) => paint.bold(text) }, { text: tail.trimStart() }],
    { indent, hang: indent + 2, columns },
  ).replace(' : ', ': ');
  const below = { ...layout, indent: indent - 2 };
  const page = outcome.ending === 'failed' ? HELP.get(outcome.phase) : undefined;
  return (
    lines +
    (evidence === undefined ? '' : field('evidence', evidence, below)) +
    (outcome.head === undefined ? '' : field('head', outcome.head, below)) +
    (next === undefined ? '' : field('next', next, below)) +
    (page === undefined ? '' : field('help', `hxllm docs ${page}`, below))
  );
}

/** The last lines of a command that ran several phases. */
export function finishBlock(
  command: string,
  outcomes: readonly PhaseOutcome[],
  next: string | undefined,
  layout: Layout,
): string {
  const { paint, columns } = layout;
  const last = outcomes.at(-1);
  const good = last?.ending === 'passed';
  const time = seconds(outcomes.reduce((sum, { durationMs }) => sum + durationMs, 0));
  const text = good
    ? `passed: ${outcomes.map(({ phase }) => phase).join(', ')} (${time})`
    : `stopped at ${last?.phase ?? 'the start'} (${time})`;
  const lines = flow(
    [
      { text: good ? paint.signs.pass : paint.signs.fail, paint: good ? paint.good : paint.bad },
      { text: command, paint: paint.bold },
      { text },
    ],
    { indent: 0, hang: 2, columns },
  );
  return lines + (next === undefined ? '' : field('next', next, { ...layout, indent: -2 }));
}

function countsOf(outcome: PhaseOutcome): readonly string[] {
  const { results } = outcome;
  const count = (
    wanted: (result: (typeof results)[number]) => boolean,
    word: string,
    several = word,
  ): readonly string[] => {
    const number = results.filter(wanted).length;
    return number === 0 ? [] : [`${String(number)} ${number === 1 ? word : several}`];
  };
  const changed =
    outcome.changes === 0
      ? outcome.steps.length > 0 || outcome.phase === 'enforce'
        ? ['no changes']
        : []
      : [`${String(outcome.changes)} ${outcome.changes === 1 ? 'change' : 'changes'}`];
  const problems = outcome.problems.filter((problem) => !repeatsCheck(problem, results)).length;
  return [
    ...(outcome.changes === 0 && outcome.ending !== 'passed' ? [] : changed),
    ...count((result) => failsPhase(result) && result.outcome === 'fail', 'failed'),
    ...count((result) => failsPhase(result) && result.outcome === 'unknown', 'unknown'),
    ...(problems === 0 ? [] : [`${String(problems)} ${problems === 1 ? 'problem' : 'problems'}`]),
    ...count((result) => result.outcome === 'pass', 'passed'),
    ...count(
      (result) => (result.outcome === 'fail' || result.outcome === 'unknown') && result.severity === 'warning',
      'warning',
      'warnings',
    ),
    ...count((result) => result.outcome === 'skip', 'skipped'),
    ...count((result) => result.outcome === 'not-applicable', 'not applicable'),
  ];
}
