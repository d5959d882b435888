import type { Client } from './client.ts';
import { backendOf, replyOf, type Exchange } from './exchange.ts';
import { takenSlots } from './memory.ts';
import { healthQuestion, longStreamQuestion, streamQuestion } from './questions.ts';
import { isOurs, type SmokeTarget } from './target.ts';
import { timingOf } from './stream-timing.ts';

/** Enough blocks to know that the answer is being written. */
const LEAVE_AFTER = 4;
/** The time for a slot to come free, ms. */
const FREE_MS = 10_000;
const PAUSE_MS = 100;
/** Shorter answers do not show whether they are held back. */
const SHORTEST_MS = 250;

/** A stream that was left in the middle, and the requests at work before and after it. */
export type LeftStream =
  | {
      readonly left: true;
      readonly server: string;
      readonly exchange: Exchange;
      /** Time from leaving until no request was at work; `undefined`: it did not come. */
      readonly freeAfterMs: number | undefined;
      readonly stillTaken: number;
    }
  | { readonly left: false; readonly why: string; readonly late?: true };

/** The streams of the chat model. */
export interface StreamAnswers {
  readonly stream: Exchange | undefined;
  /** The same again, where the first one looked as if it was held back. */
  readonly again: Exchange | undefined;
  readonly leftStream: LeftStream;
}

/** No stream was asked for. */
export const NO_STREAMS: StreamAnswers = {
  stream: undefined,
  again: undefined,
  leftStream: { left: false, why: 'no chat was answered' },
};

/** The means of asking for streams. */
export interface StreamRound {
  readonly client: Client;
  readonly target: SmokeTarget;
  readonly model: string;
  /** A short answer of the same model, whole. */
  readonly short: Exchange | undefined;
  readonly progress: (text: string) => void;
  readonly isOver: () => boolean;
  readonly nowMs: () => number;
}

/** Asks for a stream, and for one that is left in the middle. */
export async function askStreams(round: StreamRound): Promise<StreamAnswers> {
  const { client, model, progress, isOver, short } = round;
  progress(`asking ${model} for a stream`);
  const stream = await client.ask(streamQuestion(model));
  const again =
    heldBack(stream, short)?.held === true && !isOver() ? await client.ask(streamQuestion(model)) : undefined;
  return { stream, again, leftStream: await leaveStream(round) };
}

/** How a stream arrived, compared with the time that its text took to write. */
export interface Delivery {
  readonly held: boolean;
  /** From the first piece to the last. */
  readonly spreadMs: number;
  /** The time that the text took beyond that of a short answer. */
  readonly writingMs: number;
  readonly pieces: number;
  readonly arrivals: number;
}

/**
 * Whether something on the way holds a stream back: its pieces come together, although writing them took long. A short answer of the same
 * model tells the time before the first token. `undefined`: too short to tell.
 */
export function heldBack(stream: Exchange | undefined, short: Exchange | undefined): Delivery | undefined {
  const [reply, shortReply] = [replyOf(stream), replyOf(short)];
  const timing = reply === undefined ? undefined : timingOf(reply);
  if (reply === undefined || timing === undefined || shortReply?.status !== 200) return undefined;
  const writingMs = reply.totalMs - shortReply.totalMs;
  const pieces = timing.piecesMs.length;
  if (writingMs < SHORTEST_MS || pieces < 8) return undefined;
  const spreadMs = timing.lastTokenMs - timing.firstTokenMs;
  const { arrivals } = timing;
  return {
    held: spreadMs < writingMs / 4 && arrivals <= Math.max(3, pieces / 8),
    spreadMs,
    writingMs,
    pieces,
    arrivals,
  };
}

async function leaveStream(round: StreamRound): Promise<LeftStream> {
  const { client, target, model, progress, isOver, nowMs } = round;
  if (!isOurs(target)) return { left: false, why: 'this server does not show its slots' };
  if (isOver()) return { left: false, why: 'a stream that is left', late: true };
  const before = takenSlots(await client.ask(healthQuestion()));
  if (before === undefined) return { left: false, why: '/health does not show the slots of the servers' };
  if (before > 0) return { left: false, why: `other requests were at work (${String(before)})` };
  progress(`leaving a stream of ${model}`);
  const exchange = await client.ask({ ...longStreamQuestion(model), leaveAfterBlocks: LEAVE_AFTER });
  if (!exchange.outcome.answered) return { left: false, why: 'a stream that is left', late: true };
  if (replyOf(exchange)?.left !== true) return { left: false, why: 'the stream ended before it was left' };
  const leftMs = nowMs();
  let stillTaken = 0;
  while (nowMs() - leftMs <= FREE_MS) {
    const health = await client.ask(healthQuestion());
    if (!health.outcome.answered) return { left: false, why: 'whether the slot came free', late: true };
    stillTaken = takenSlots(health) ?? 0;
    if (stillTaken === 0)
      return { left: true, server: backendOf(exchange) ?? '', exchange, freeAfterMs: nowMs() - leftMs, stillTaken };
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return { left: true, server: backendOf(exchange) ?? '', exchange, freeAfterMs: undefined, stillTaken };
}
