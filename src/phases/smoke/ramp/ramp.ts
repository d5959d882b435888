import type { Client } from '../client.ts';
import { at, backendOf, describeReply, type Exchange } from '../exchange.ts';
import { readEventStream } from '../event-stream.ts';
import type { Memory } from '../memory.ts';
import { rampQuestion } from '../questions.ts';
import { timingOf } from '../stream-timing.ts';
import { isOurs, type SmokeTarget } from '../target.ts';
import { kneeOf } from './figures.ts';
import { GENTLE_CONCURRENCY, type AliasRamp, type Ramps, type RampSample, type RampStep } from './samples.ts';

/** Requests at once, and in all, of each step. The first steps are gentle; the others need an explicit budget. */
const GENTLE_STEPS = [
  { concurrency: 1, requests: 3 },
  { concurrency: 2, requests: 4 },
  { concurrency: 4, requests: 4 },
] as const;
const FURTHER_STEPS = [8, 16, 32, 64].map((concurrency) => ({ concurrency, requests: concurrency * 2 }));
/** The time of a ramp without an explicit budget, ms, for all aliases together. */
const GENTLE_MS = 20_000;

const NOT_IN_MEMORY = 'no chat model is in memory';

/** The means of a ramp. */
export interface RampRound {
  readonly client: Client;
  readonly target: SmokeTarget;
  /** The model of another server that answered. */
  readonly model: string | undefined;
  readonly memory: Memory | undefined;
  readonly progress: (text: string) => void;
  readonly isOver: () => boolean;
  readonly nowMs: () => number;
}

/** Raises the requests at once, alias by alias, for chat models that are in memory: a load is no measure of speed. */
export async function runRamps(round: RampRound): Promise<Ramps> {
  const { target, memory, isOver, nowMs } = round;
  const [aliases, why] =
    isOurs(target) && memory !== undefined
      ? [(target.models ?? []).filter((name) => memory.has(name) && !target.embeddings.includes(name)), NOT_IN_MEMORY]
      : [round.model === undefined ? [] : [round.model], 'there is no model to ask'];
  if (aliases.length === 0) return { ran: false, why };
  if (isOver()) return { ran: false, why: 'the ramp', late: true };
  const endMs = nowMs() + GENTLE_MS;
  const isDone = (): boolean => isOver() || (target.budgetMs === undefined && nowMs() > endMs);
  const ramps: AliasRamp[] = [];
  for (const alias of aliases) {
    if (isDone()) break;
    ramps.push(await rampAlias(alias, { ...round, isOver: isDone }));
  }
  return { ran: true, aliases: ramps, left: aliases.slice(ramps.length) };
}

async function rampAlias(alias: string, round: RampRound): Promise<AliasRamp> {
  const { target, memory, progress, isOver, nowMs } = round;
  const slots = slotsOf(memory, alias);
  const startedMs = nowMs();
  const steps: RampStep[] = [];
  const ended = (end: AliasRamp['end']): AliasRamp => ({ alias, slots, steps, end });
  for (const { concurrency, requests } of target.budgetMs === undefined
    ? GENTLE_STEPS
    : [...GENTLE_STEPS, ...FURTHER_STEPS]) {
    if (isOver()) return ended('time');
    progress(`${alias}: ${String(concurrency)} at once, after ${String(Math.round((nowMs() - startedMs) / 1000))} s`);
    const step = await runStep(alias, concurrency, requests, startedMs, round);
    steps.push(step);
    if (step.samples.some(({ error }) => error !== undefined)) return ended('errors');
    if (kneeOf(steps) !== undefined && concurrency > GENTLE_CONCURRENCY) return ended('knee');
  }
  return ended('done');
}

async function runStep(
  alias: string,
  concurrency: number,
  requests: number,
  startedMs: number,
  { client, isOver, nowMs }: RampRound,
): Promise<RampStep> {
  const samples: RampSample[] = [];
  const beganMs = nowMs();
  let sent = 0;
  const work = async (): Promise<void> => {
    while (sent < requests && (sent < concurrency || !isOver())) {
      sent += 1;
      // Another number each time: a server that has read the prompt before answers it sooner.
      const question = rampQuestion(alias, concurrency * 100 + sent);
      const atMs = nowMs() - startedMs;
      samples.push(sampleOf(await client.ask(question), concurrency, atMs));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { concurrency, wallMs: nowMs() - beganMs, samples };
}

function sampleOf(exchange: Exchange, concurrency: number, atMs: number): RampSample {
  const { outcome } = exchange;
  const nothing = { concurrency, atMs, ttftMs: undefined, tokens: 0, server: backendOf(exchange) };
  if (!outcome.answered) return { ...nothing, totalMs: 0, error: outcome.trouble.seen };
  const { reply } = outcome;
  if (reply.status !== 200) return { ...nothing, totalMs: reply.totalMs, error: describeReply(reply) };
  const timing = timingOf(reply);
  const { chunks, done, fault } = readEventStream(reply.body);
  const stated = chunks.map((chunk) => at(chunk, 'usage', 'completion_tokens')).findLast((one) => one !== undefined);
  const broken = fault ?? (done ? undefined : 'the stream ended without [DONE]');
  return {
    ...nothing,
    totalMs: reply.totalMs,
    ttftMs: timing?.firstTokenMs,
    tokens: typeof stated === 'number' ? stated : (timing?.piecesMs.length ?? 0),
    error: broken ?? (timing === undefined ? 'the stream has no text' : undefined),
  };
}

function slotsOf(memory: Memory | undefined, alias: string): number | undefined {
  const slots = (memory?.get(alias) ?? []).map((resident) => resident.slots);
  return slots.length > 0 && slots.every((count) => count !== undefined)
    ? slots.reduce((sum, count) => sum + count, 0)
    : undefined;
}
