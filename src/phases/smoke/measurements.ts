import { isObject, parseJson } from '../../core/json.ts';
import { at, backendOf, replyOf } from './exchange.ts';
import type { ProbeResults } from './probe-results.ts';
import { kneeOf, percentilesOf, throughputOf } from './ramp/figures.ts';
import type { AliasRamp } from './ramp/samples.ts';
import type { PreviousRun } from './target.ts';
import { timingOf } from './stream-timing.ts';

/** The file with the numbers of a run, in its folder. */
export const MEASUREMENTS = 'measurements.json';

const VERSION = 1;

/** The numbers of all targets, for charts and for the comparison of the next run: times in ms. */
export function measurementsAsData(all: readonly ProbeResults[]): object {
  return { schema_version: VERSION, targets: all.map(targetAsData) };
}

function targetAsData(seen: ProbeResults): object {
  const { target, pings, stream, burst, aliases, servers, ramps } = seen;
  const reply = replyOf(stream);
  const timing = reply === undefined ? undefined : timingOf(reply);
  const samples = ramps.ran ? ramps.aliases.flatMap(({ steps }) => steps.flatMap((step) => step.samples)) : [];
  const answered = [
    ...aliases.values(),
    ...servers.map(({ exchange }) => exchange),
    ...(burst.sent ? burst.exchanges : []),
  ].map(backendOf);
  const named = [...answered, ...samples.map(({ server }) => server)].filter((server) => server !== undefined);
  return {
    name: target.name,
    url: target.url,
    latency_ms: pings.flatMap((ping) => replyOf(ping)?.totalMs ?? []),
    ...(timing === undefined ? {} : { stream: { model: seen.model, pieces_ms: timing.piecesMs } }),
    share: Object.fromEntries(
      [...Map.groupBy(named, (server) => server)].map(([server, { length }]) => [server, length]),
    ),
    ...(ramps.ran ? { ramps: ramps.aliases.map(rampAsData), not_ramped: ramps.left } : { no_ramp: ramps.why }),
  };
}

function rampAsData({ alias, slots, steps, end }: AliasRamp): object {
  const firsts = (steps[0]?.samples ?? []).flatMap(({ ttftMs }) => ttftMs ?? []);
  return {
    alias,
    slots,
    end,
    knee: kneeOf(steps),
    first_token_ms: percentilesOf(firsts),
    steps: steps.map((step) => ({
      concurrency: step.concurrency,
      wall_ms: step.wallMs,
      tokens_per_s: throughputOf(step),
      errors: step.samples.filter(({ error }) => error !== undefined).length,
      first_token_ms: percentilesOf(step.samples.flatMap(({ ttftMs }) => ttftMs ?? [])),
      total_ms: percentilesOf(step.samples.flatMap(({ totalMs, error }) => (error === undefined ? totalMs : []))),
    })),
    samples: steps.flatMap((step) =>
      step.samples.map(({ concurrency, atMs, ttftMs, totalMs, tokens, server, error }) => ({
        concurrency,
        at_ms: atMs,
        first_token_ms: ttftMs,
        total_ms: totalMs,
        tokens,
        server,
        error,
      })),
    ),
  };
}

/** The times of a target in the measurements of an earlier run; `undefined` if there are none of it. */
export function readMeasurements(text: string, run: string, name: string): PreviousRun | undefined {
  const targets = at(parseJson(text), 'targets');
  if (!Array.isArray(targets)) return undefined;
  const ramps: unknown = at(
    targets.find((target: unknown) => at(target, 'name') === name),
    'ramps',
  );
  if (!Array.isArray(ramps)) return undefined;
  const times = ramps.filter(isObject).flatMap((ramp) => {
    const [alias, ms] = [at(ramp, 'alias'), at(ramp, 'first_token_ms', 'p50')];
    return typeof alias === 'string' && typeof ms === 'number' ? [[alias, ms] as const] : [];
  });
  return times.length === 0 ? undefined : { run, firstTokenMs: new Map(times) };
}
