import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { ABORTED } from '../diagnose.ts';
import { judgeLeast, judgeMost, limitOf } from '../limits.ts';
import { medianOf } from '../percentile.ts';
import type { ProbeResults } from '../probe-results.ts';
import { kneeOf, percentilesOf, rateOf, throughputOf, type Percentiles } from '../ramp/figures.ts';
import { GENTLE_CONCURRENCY, type AliasRamp, type RampSample } from '../ramp/samples.ts';
import { isOurs, type SmokeTarget } from '../target.ts';
import { outOfTime } from './answers.ts';

/** Less than this is no difference that a person notices, ms. */
const NOTICED_MS = 50;

/** Is it fast enough, alone and under load, and as fast as before? */
export const PERFORMANCE_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'performance.errors',
    title: 'nothing fails while several ask at once',
    severity: 'error',
    after: ['chat.answers'],
    judge: (seen) =>
      judgeRamps(seen, (ramps, left) => {
        const samples = ramps.flatMap(({ steps }) => steps.flatMap((step) => step.samples));
        const asked = samples.filter(({ concurrency }) => concurrency <= GENTLE_CONCURRENCY);
        const broken = asked.filter(({ error }) => error !== undefined);
        const [first] = broken;
        const number = { value: broken.length, unit: 'requests', limit: 0 };
        if (samples.some(({ error }) => error === ABORTED.seen)) return unknown(ABORTED.seen, ABORTED.fix);
        if (first !== undefined)
          return failed(
            `${String(asked.length)} answers, at most ${String(GENTLE_CONCURRENCY)} at once`,
            `${String(broken.length)} failed, with ${String(first.concurrency)} at once: ${first.error ?? ''}`,
            isOurs(seen.target) ? 'hxllm fleet' : 'the same command at a quieter time',
            number,
          );
        const refused = samples.filter(({ error }) => error !== undefined).length;
        return pass(
          `${String(samples.length - refused)} answers${refused === 0 ? '' : `; ${String(refused)} of more than ${String(GENTLE_CONCURRENCY)} at once were refused`}${notAsked(ramps, left)}`,
          number,
        );
      }),
  },
  {
    id: 'performance.first-token',
    title: '95 of 100 first tokens come in time',
    severity: 'error',
    after: ['chat.answers'],
    judge: (seen) => judgeTimes(seen, 'ttftP95Ms', 'the first token', ({ ttftMs }) => ttftMs),
  },
  {
    id: 'performance.total',
    title: '95 of 100 answers end in time',
    severity: 'error',
    after: ['chat.answers'],
    judge: (seen) =>
      judgeTimes(seen, 'totalP95Ms', 'an answer', ({ totalMs, error }) => (error === undefined ? totalMs : undefined)),
  },
  {
    id: 'performance.tokens',
    title: 'every alias writes fast enough for one client',
    severity: 'error',
    after: ['chat.answers'],
    judge: (seen) =>
      judgeRamps(seen, (ramps, left) => {
        const rates = ramps.flatMap(({ alias, steps }) => {
          const rate = medianOf((steps[0]?.samples ?? []).map(rateOf).filter((one) => one !== undefined));
          return rate === undefined ? [] : [{ alias, rate }];
        });
        const slowest = rates.toSorted((a, b) => a.rate - b.rate)[0];
        if (slowest === undefined) return notApplicable('no answer had two tokens');
        const verdict = judgeLeast('tokensPerS', slowest.rate, seen.target, {
          seen: `${rates.map(({ alias, rate }) => `${alias} ${String(rate)} tokens/s`).join(', ')}${notAsked([], left)}`,
          of: slowest.alias,
          fix: isOurs(seen.target) ? 'hxllm fleet' : 'the same command at a quieter time',
        });
        // Without a budget the ramp is a short one by itself, and backends.fast-enough has the speed of every alias.
        return left.length > 0 && seen.target.budgetMs !== undefined && verdict.outcome === 'pass'
          ? outOfTime(
              left.map((alias) => `the speed of ${alias}`),
              seen.target,
            )
          : verdict;
      }),
  },
  {
    id: 'performance.knee',
    title: 'more requests at once, up to the slots, do not slow the whole down',
    severity: 'warning',
    after: ['performance.errors'],
    judge: (seen) =>
      judgeRamps(seen, (ramps) => {
        const dropped = ramps.flatMap((ramp) => fallOf(ramp));
        const words = ramps.map((ramp) => wordsOf(ramp)).join('; ');
        const knee = Math.min(...ramps.map(({ steps }) => kneeOf(steps) ?? Number.POSITIVE_INFINITY));
        const number = Number.isFinite(knee) ? { value: knee, unit: 'requests at once' } : undefined;
        return dropped.length === 0
          ? pass(words, number)
          : failed(
              'as many tokens a second in all, or more',
              dropped.join('; '),
              'litellm_backends: a smaller num_parallel, then: hxllm enforce',
              number,
            );
      }),
  },
  {
    id: 'performance.not-slower',
    title: 'it is as fast as in the previous run',
    severity: 'warning',
    after: ['performance.errors'],
    judge: (seen) => judgeRamps(seen, (ramps) => comparePrevious(ramps, seen.target)),
  },
];

function judgeRamps(
  { ramps, target }: ProbeResults,
  judge: (ramps: readonly AliasRamp[], left: readonly string[]) => Verdict,
): Verdict {
  if (!ramps.ran) return ramps.late === true ? outOfTime([ramps.why], target) : notApplicable(ramps.why);
  return judge(ramps.aliases, ramps.left);
}

/** The steps and aliases that the time of the ramp did not suffice for, as words at the end of a text. */
function notAsked(ramps: readonly AliasRamp[], left: readonly string[]): string {
  const cut = ramps
    .filter(({ end }) => end === 'time')
    .map(({ alias, steps }) => `${alias} with more than ${String(steps.at(-1)?.concurrency ?? 0)} at once`);
  const missed = [...cut, ...left];
  return missed.length === 0 ? '' : `; not asked in the time of the ramp: ${missed.join(', ')}`;
}

function judgeTimes(
  seen: ProbeResults,
  limit: 'ttftP95Ms' | 'totalP95Ms',
  subject: string,
  timeOf: (sample: RampSample) => number | undefined,
): Verdict {
  return judgeRamps(seen, (ramps) => {
    const rows = ramps.flatMap((ramp) => {
      const times = percentilesOf(
        unqueued(ramp)
          .map(timeOf)
          .filter((ms) => ms !== undefined),
      );
      return times === undefined ? [] : [{ alias: ramp.alias, times }];
    });
    const worst = rows.toSorted((a, b) => b.times.p95 - a.times.p95)[0];
    if (worst === undefined) return notApplicable('no request was answered; performance.errors has the reason');
    return judgeMost(limit, worst.times.p95, seen.target, {
      seen: rows.map(({ alias, times }) => `${alias}: ${percentilesAsText(times)}`).join('; '),
      of: `${subject} of ${worst.alias}`,
      fix: isOurs(seen.target) ? 'hxllm fleet' : 'the same command at a quieter time',
    });
  });
}

/** The samples that waited for no slot: up to the known slots at once, else one at a time. */
function unqueued({ steps, slots }: AliasRamp): readonly RampSample[] {
  return steps.filter(({ concurrency }) => concurrency <= Math.max(1, slots ?? 1)).flatMap(({ samples }) => samples);
}

function percentilesAsText({ p50, p95, p99 }: Percentiles): string {
  return `p50 ${String(p50)}, p95 ${String(p95)}, p99 ${String(p99)} ms`;
}

function wordsOf({ alias, steps, end }: AliasRamp): string {
  const knee = kneeOf(steps);
  const last = steps.at(-1);
  const why = end === 'time' ? ', where the time ended' : end === 'errors' ? ', where requests were refused' : '';
  const most = Math.max(0, ...steps.map(throughputOf));
  return `${alias}: ${String(most)} tokens/s in all, ${knee === undefined ? `no knee up to ${String(last?.concurrency ?? 0)} at once${why}` : `the knee at ${String(knee)} at once`}`;
}

/** A step within the slots that gave a fifth less than the one before. */
function fallOf({ alias, steps, slots = 1 }: AliasRamp): readonly string[] {
  return steps.flatMap((step, index) => {
    const before = steps[index - 1];
    if (before === undefined || step.concurrency > slots) return [];
    const [less, more] = [throughputOf(step), throughputOf(before)];
    return less < more * 0.8
      ? [
          `${alias}: ${String(more)} tokens/s with ${String(before.concurrency)} at once, ${String(less)} with ${String(step.concurrency)}`,
        ]
      : [];
  });
}

function comparePrevious(ramps: readonly AliasRamp[], target: SmokeTarget): Verdict {
  const { previous } = target;
  if (previous === undefined) return notApplicable('no earlier run of this target is in the evidence');
  const rows = ramps.flatMap((ramp) => {
    const now = percentilesOf(unqueued(ramp).flatMap(({ ttftMs }) => (ttftMs === undefined ? [] : [ttftMs])));
    const before = previous.firstTokenMs.get(ramp.alias);
    return now === undefined || before === undefined ? [] : [{ alias: ramp.alias, now: now.p50, before }];
  });
  if (rows.length === 0) return notApplicable(`${previous.run} measured none of these aliases`);
  const percent = limitOf('slowerPercent', target);
  const growth = ({ now, before }: (typeof rows)[number]): number => Math.round((now / Math.max(1, before) - 1) * 100);
  const slower = rows.filter((row) => growth(row) > percent && row.now - row.before > NOTICED_MS);
  const words = (row: (typeof rows)[number]): string =>
    `${row.alias}: first token p50 ${String(row.now)} ms, ${String(row.before)} ms in ${previous.run}`;
  const number = { value: Math.max(...rows.map(growth)), unit: '%', limit: percent };
  return slower.length === 0
    ? pass(rows.map(words).join('; '), number)
    : failed(
        `at most ${String(percent)} % slower (litellm_smoke_slower_percent)`,
        slower.map(words).join('; '),
        `hxllm evidence diff ${previous.run} latest`,
        number,
      );
}
