import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown, type Measurement, type Verdict } from '../../../core/verdict.ts';
import { readEventStream, type EventStream } from '../event-stream.ts';
import { at, describeReply, replyOf, type Reply } from '../exchange.ts';
import type { ProbeResults } from '../probe-results.ts';
import { isOurs } from '../target.ts';
import { faultOfUsage, outOfTime } from './answers.ts';
import { STREAM_TIME_CHECKS } from './stream-times.ts';
import { pieceOf } from '../stream-timing.ts';

const RECORDED = 'see the recorded stream in report.json';

/** Is a stream readable for OpenAI's SDKs? */
export const STREAM_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'stream.framed',
    title: 'a streamed answer is framed correctly and ends with [DONE]',
    severity: 'error',
    after: ['chat.answers'],
    judge: ({ stream, target }) => {
      if (stream === undefined) return outOfTime(['a stream'], target);
      if (!stream.outcome.answered)
        return stream.outcome.trouble.kind === 'aborted'
          ? unknown(stream.outcome.trouble.seen)
          : failed('a complete stream', stream.outcome.trouble.seen, stream.outcome.trouble.fix);
      const { reply } = stream.outcome;
      const type = reply.headers['content-type'] ?? 'no content-type';
      if (reply.status !== 200) return failed('200 for a stream', describeReply(reply), RECORDED);
      if (!/^text\/event-stream\b/i.test(type)) return failed('text/event-stream', type, RECORDED);
      const { fault, done, chunks } = readEventStream(reply.body);
      if (fault !== undefined) return failed('server-sent events, one data line each', fault, RECORDED);
      if (!done)
        return failed(
          'data: [DONE] at the end',
          `${String(chunks.length)} events without it${errorIn(chunks)}`,
          RECORDED,
        );
      return pass(
        `${String(chunks.length)} events in ${String(reply.totalMs)} ms, the first after ${String(reply.firstByteMs)} ms`,
        { value: chunks.length, unit: 'events' },
      );
    },
  },
  {
    id: 'stream.tells-one-answer',
    title: 'the streamed chunks form one answer',
    severity: 'error',
    after: ['stream.framed'],
    judge: (seen) =>
      judgeChunks(
        seen,
        ({ chunks }, ours) => faultOfChunks(chunks, ours),
        ({ chunks }) => `role first, ${String(textOf(chunks).length)} characters, one finish_reason`,
        ({ chunks }) => ({ value: textOf(chunks).length, unit: 'characters' }),
      ),
  },
  {
    id: 'stream.counts-usage',
    title: 'the stream reports its tokens on request',
    severity: 'error',
    after: ['stream.framed'],
    judge: (seen) => {
      if (
        !isOurs(seen.target) &&
        eventsOf(replyOf(seen.stream)).chunks.every((chunk) => (at(chunk, 'usage') ?? null) === null)
      )
        return notApplicable('this server counts no tokens in streams');
      return judgeChunks(
        seen,
        ({ chunks }, ours) => faultOfLast(chunks.at(-1), ours),
        ({ chunks }) => `${String(at(chunks.at(-1), 'usage', 'total_tokens'))} tokens`,
        ({ chunks }) => ({ value: Number(at(chunks.at(-1), 'usage', 'total_tokens')), unit: 'tokens' }),
      );
    },
  },
  ...STREAM_TIME_CHECKS,
];

function judgeChunks(
  seen: ProbeResults,
  faultOf: (events: EventStream, ours: boolean) => string | undefined,
  say: (events: EventStream) => string,
  measure: (events: EventStream) => Measurement,
): Verdict {
  const events = eventsOf(replyOf(seen.stream));
  const fault = faultOf(events, isOurs(seen.target));
  return fault === undefined
    ? pass(say(events), measure(events))
    : failed('chunks as OpenAI’s API sends them', fault, RECORDED);
}

function eventsOf(reply: Reply | undefined): EventStream {
  return readEventStream(reply?.body ?? '');
}

function faultOfChunks(chunks: readonly unknown[], ours: boolean): string | undefined {
  const wrong = chunks.find((chunk) => at(chunk, 'object') !== 'chat.completion.chunk');
  if (wrong !== undefined) return `a chunk whose object is ${JSON.stringify(at(wrong, 'object'))}${errorIn([wrong])}`;
  for (const key of ours ? ['id', 'created', 'model'] : ['id']) {
    const values = new Set(chunks.map((chunk) => at(chunk, key)));
    if (values.size !== 1 || values.has(undefined)) return `not one ${key} in all chunks: ${shownValues([...values])}`;
  }
  const choices = chunks.map((chunk) => at(chunk, 'choices', 0)).filter((choice) => choice !== undefined);
  if (at(choices[0], 'delta', 'role') !== 'assistant')
    return `the first delta is ${JSON.stringify(at(choices[0], 'delta'))}, without the role`;
  const finishes = choices.map((choice) => at(choice, 'finish_reason') ?? null).filter((reason) => reason !== null);
  if (finishes.length !== 1) return `${String(finishes.length)} chunks with a finish_reason`;
  return textOf(chunks) === '' ? 'no text in any delta' : undefined;
}

function faultOfLast(last: unknown, ours: boolean): string | undefined {
  const choices = at(last, 'choices');
  if (ours && !(Array.isArray(choices) && choices.length === 0))
    return `before [DONE] comes ${JSON.stringify(last)}, not the usage with empty choices`;
  return faultOfUsage(at(last, 'usage'), ours);
}

function textOf(chunks: readonly unknown[]): string {
  return chunks.map(pieceOf).join('');
}

function errorIn(chunks: readonly unknown[]): string {
  const message = chunks.map((chunk) => at(chunk, 'error', 'message')).find((text) => typeof text === 'string');
  return message === undefined ? '' : `; it says: ${message}`;
}

/** The first two of several values: a server that has another id in each chunk has hundreds. */
function shownValues(values: readonly unknown[]): string {
  const shown = values
    .slice(0, 2)
    .map((value) => JSON.stringify(value))
    .join(', ');
  return values.length > 2 ? `${shown} and ${String(values.length - 2)} more` : shown;
}
