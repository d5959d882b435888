import { createStrike } from '../faults/strike.ts';
import { decode, type Outcome } from '../runner/decode.ts';
import { logprobOf, type Logprob } from '../text/logprob.ts';
import type { Spoken, ToolCall } from '../text/spoken.ts';
import { fitTokens, promptTokens } from '../text/tokens.ts';
import { isObject } from '../../core/json.ts';
import { refusing, type Reply } from '../wire/reply.ts';
import { Refusal } from '../wire/refusal.ts';
import { count, nanoseconds, nowMs } from '../wire/time.ts';
import type { Ending, Metrics } from './body.ts';
import type { AnswerRequest } from './request.ts';
import { victimOf, type Session } from './session.ts';

/** A part of an answer, or all of it. */
export interface Said {
  readonly text: string;
  readonly thinking: string;
  readonly calls: readonly ToolCall[];
  readonly logprobs: readonly Logprob[];
}

/** Builds the body of an endpoint from a part of an answer. */
export type Shape<T> = (said: Said, end: Ending & Metrics) => T;

const NOTHING: Said = { text: '', thinking: '', calls: [], logprobs: [] };

/** Generates the answer to a prompt and sends it, whole or as a stream. */
export async function giveAnswer<T>(
  session: Session,
  request: AnswerRequest,
  prompt: string,
  speech: Iterable<Spoken>,
  shape: Shape<T>,
  reply: Reply<T>,
): Promise<void> {
  await refusing(reply, () => answer(session, request, prompt, speech, shape, reply), request.stream);
}

async function answer<T>(
  session: Session,
  request: AnswerRequest,
  prompt: string,
  speech: Iterable<Spoken>,
  shape: Shape<T>,
  reply: Reply<T>,
): Promise<void> {
  checkFormat(request.format);
  const { runner, options } = session;
  const tokens = promptTokens(prompt);
  if (tokens.length > runner.contextLength && !request.truncate)
    throw new Refusal(400, 'the input length exceeds the context length');
  const { pieceTokens } = session.call.machine.settings;
  let pieces: Said[] = [];
  let isFirst = true;
  const send = async (): Promise<void> => {
    const said = join(pieces);
    pieces = [];
    isFirst = false;
    await reply.piece(shape(said, { done: false }));
  };
  const say = async (piece: Spoken): Promise<void> => {
    pieces.push(saidOf(piece, request.topLogprobs));
    if (request.stream && (isFirst || pieces.length >= pieceTokens)) await send();
  };
  const task = {
    prompt: fitTokens(tokens, runner.contextLength),
    speech,
    numPredict: options.numPredict,
    stop: options.stop,
    say,
    before: createStrike(session.fault, victimOf(session, reply)),
  };
  const outcome = await decode(runner, task, session.call.machine.processor, session.call.signal);
  const end = endingOf(session, outcome);
  if (!request.stream) {
    reply.whole(shape(join(pieces), end));
    return;
  }
  if (pieces.length > 0) await send();
  // A model that repeats itself gets no last chunk: Ollama ends the stream without `done`.
  if (end.done) await reply.piece(shape(NOTHING, end));
  reply.end();
}

/** Refuses an invalid `format` with 500: Ollama checks it only when it is about to answer. */
function checkFormat(format: unknown): void {
  if (format === undefined || format === 'json' || isObject(format)) return;
  throw new Refusal(
    500,
    `invalid format: ${JSON.stringify(JSON.stringify(format))}; expected "json" or a valid JSON Schema object`,
  );
}

function saidOf(piece: Spoken, topLogprobs: number): Said {
  const logprobs = topLogprobs < 0 || piece.text === '' ? [] : [logprobOf(piece.text, topLogprobs)];
  return {
    text: piece.kind === 'text' ? piece.text : '',
    thinking: piece.kind === 'thinking' ? piece.text : '',
    calls: piece.calls ?? [],
    logprobs,
  };
}

function join(pieces: readonly Said[]): Said {
  const text = pieces.map((piece) => piece.text).join('');
  const thinking = pieces.map((piece) => piece.thinking).join('');
  return {
    text,
    thinking,
    calls: pieces.flatMap((piece) => piece.calls),
    logprobs: pieces.flatMap((piece) => piece.logprobs),
  };
}

function endingOf(session: Session, outcome: Outcome): Ending & Metrics {
  if (outcome.reason === undefined) return { done: false };
  return {
    done: true,
    done_reason: outcome.reason,
    total_duration: nanoseconds(nowMs() - session.call.startedMs),
    load_duration: nanoseconds(session.loadMs),
    prompt_eval_count: count(outcome.promptCount),
    prompt_eval_duration: nanoseconds(outcome.promptMs),
    eval_count: count(outcome.evalCount),
    eval_duration: nanoseconds(outcome.evalMs),
  };
}

/** The list, or undefined if it is empty: Ollama leaves empty lists out. */
export function orAbsent<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
