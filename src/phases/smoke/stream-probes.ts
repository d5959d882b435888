import { backendOf, describeReply, replyOf, type Exchange } from './exchange.ts';
import { takenSlots } from './memory.ts';
import type { Client, ProbeRequest } from './client.ts';
import { healthQuestion, lengthyStreamQuestion, longStreamQuestion, streamQuestion } from './questions.ts';
import { isOurs, type SmokeTarget } from './target.ts';
import { timingOf } from './stream-timing.ts';

/** Enough blocks to know that the answer is being written. */
const LEAVE_AFTER = 4;
/** The time for a slot to come free, ms. */
const FREE_MS = 10_000;
const PAUSE_MS = 100;
/** Shorter answers do not show whether they are held back. */
const SHORTEST_MS = 250;
/** Limits of a longer stream, which shows it: its time, ms, and its tokens, which leave room in a short context. */
const LONGER_MS = 10_000;
const MOST_TOKENS = 2048;
const LONGER_TRIES = 2;
const MORE = 1.5;
/** Pieces further apart than this do not come together by themselves, ms. */
const APART_MS = 8;

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
  /** The stream that shows how pieces arrive: the first one, or a longer one where that was too short. */
  readonly delivered: Exchange | undefined;
  /** The same again, where it looked as if it was held back. */
  readonly again: Exchange | undefined;
  readonly leftStream: LeftStream;
}

/** No stream was asked for. */
export const NO_STREAMS: StreamAnswers = {
  stream: undefined,
  delivered: undefined,
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
  const { client, model, progress, isOver } = round;
  if (isOver()) return { ...NO_STREAMS, leftStream: { left: false, why: 'a stream that is left', late: true } };
  progress(`asking ${model} for a stream`);
  const question = streamQuestion(model);
  const stream = await client.ask(question);
  const { delivered, again } = await watchDelivery(round, question, stream);
  return { stream, delivered, again, leftStream: await leaveStream(round) };
}

/** Asks for longer streams until one shows how its pieces arrive, and for the same again where they came together. */
async function watchDelivery(
  { client, model, short, isOver }: StreamRound,
  asked: ProbeRequest,
  stream: Exchange,
): Promise<Pick<StreamAnswers, 'delivered' | 'again'>> {
  let [question, delivered] = [asked, stream];
  for (let tries = 0; tries < LONGER_TRIES && heldBack(delivered, short) === undefined && !isOver(); tries += 1) {
    const tokens = tokensToTell(delivered, short);
    if (tokens === undefined) break;
    const longer = lengthyStreamQuestion(model, tokens);
    const exchange = await client.ask(longer);
    // A model that writes no more when it is asked to shows nothing more either.
    if (piecesIn(exchange) < MORE * piecesIn(delivered)) break;
    [question, delivered] = [longer, exchange];
  }
  // A single stream may have waited in a queue.
  const again = heldBack(delivered, short)?.held === true && !isOver() ? await client.ask(question) : undefined;
  return { delivered, again };
}

function piecesIn(stream: Exchange): number {
  const reply = replyOf(stream);
  return reply === undefined ? 0 : (timingOf(reply)?.piecesMs.length ?? 0);
}

/** The tokens of a stream that takes long enough to show how its pieces arrive; `undefined` if that would take too long. */
function tokensToTell(stream: Exchange, short: Exchange | undefined): number | undefined {
  const [reply, shortReply] = [replyOf(stream), replyOf(short)];
  const pieces = piecesIn(stream);
  if (reply?.status !== 200 || shortReply?.status !== 200 || pieces === 0) return undefined;
  const writingMs = Math.max(1, reply.totalMs - shortReply.totalMs);
  const enough = (pieces * 2 * SHORTEST_MS) / writingMs;
  const affordable = (pieces * LONGER_MS) / Math.max(1, reply.totalMs);
  const tokens = Math.ceil(Math.min(Math.max(enough, 2 * pieces), affordable, MOST_TOKENS));
  return tokens > pieces ? tokens : undefined;
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
 * Whether something on the way holds a stream back: its pieces come together, all at once or in a few blocks, although writing them took
 * long. A short answer of the same model tells the time before the first token. `undefined`: too short to tell.
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
    held: arrivals <= Math.max(3, pieces / 8) && (spreadMs < writingMs / 4 || writingMs / pieces >= APART_MS),
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
  const { reply } = exchange.outcome;
  if (reply.status !== 200) return { left: false, why: `the stream was not answered: ${describeReply(reply)}` };
  if (reply.left !== true) return { left: false, why: 'the stream ended before it was left' };
  const leftMs = nowMs();
  let stillTaken = 0;
  while (nowMs() - leftMs <= FREE_MS) {
    const health = await client.ask(healthQuestion());
    if (!health.outcome.answered) return { left: false, why: 'whether the slot came free', late: true };
    const taken = takenSlots(health);
    if (taken === undefined) return { left: false, why: '/health no longer shows the slots of the servers' };
    stillTaken = taken;
    if (stillTaken === 0)
      return { left: true, server: backendOf(exchange) ?? '', exchange, freeAfterMs: nowMs() - leftMs, stillTaken };
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return { left: true, server: backendOf(exchange) ?? '', exchange, freeAfterMs: undefined, stillTaken };
}
