import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { replyOf } from '../exchange.ts';
import { judgeMost } from '../limits.ts';
import type { ProbeResults } from '../probe-results.ts';
import { heldBack } from '../stream-probes.ts';
import { timingOf, type StreamTiming } from '../stream-timing.ts';
import { isOurs } from '../target.ts';
import { outOfTime } from './answers.ts';

/** Does a stream arrive as it is written, and does leaving it free its slot? */
export const STREAM_TIME_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'stream.first-token',
    title: 'the first token comes soon',
    severity: 'error',
    after: ['stream.framed'],
    judge: (seen) =>
      judgeTimes(seen, ({ firstTokenMs }) =>
        judgeMost('ttftP95Ms', firstTokenMs, seen.target, {
          seen: `after ${String(firstTokenMs)} ms`,
          of: seen.model ?? 'the model',
          fix: isOurs(seen.target) ? 'hxllm fleet' : 'the same command at a quieter time',
        }),
      ),
  },
  {
    id: 'stream.gaps',
    title: 'the stream does not pause',
    severity: 'error',
    after: ['stream.framed'],
    judge: (seen) =>
      judgeTimes(seen, ({ longestGapMs, piecesMs }) =>
        judgeMost('gapMs', longestGapMs, seen.target, {
          seen: `${String(longestGapMs)} ms at most between two of ${String(piecesMs.length)} pieces`,
          of: 'a pause',
          fix: isOurs(seen.target) ? 'hxllm fleet' : 'the same command at a quieter time',
        }),
      ),
  },
  {
    id: 'stream.unbuffered',
    title: 'nothing on the way holds the stream back',
    severity: 'error',
    after: ['stream.framed'],
    judge: ({ delivered, again, parameters }) => {
      const [first, second] = [heldBack(delivered, parameters.short), heldBack(again, parameters.short)];
      if (first === undefined) return notApplicable('the answer was too short to show it');
      const shown = first.held && second !== undefined ? second : first;
      const seen = `${String(shown.pieces)} pieces in ${String(shown.arrivals)} arrivals within ${String(shown.spreadMs)} ms; writing them took about ${String(shown.writingMs)} ms`;
      const number = { value: shown.spreadMs, unit: 'ms' };
      // A single stream may have waited in a queue, so the second one decides.
      if (first.held && again === undefined) return unknown(`${seen}; there was no time to ask again`);
      return shown.held
        ? failed(
            'pieces that arrive as they are written',
            `they come together: ${seen}`,
            'proxy_buffering off;  # in nginx; in general: turn off buffering of the proxy for text/event-stream',
            number,
          )
        : pass(seen, number);
    },
  },
  {
    id: 'stream.abort-frees-slot',
    title: 'a client that leaves frees its slot',
    severity: 'error',
    after: ['stream.framed'],
    judge: ({ leftStream, target }) => {
      if (!leftStream.left)
        return leftStream.late === true ? outOfTime([leftStream.why], target) : notApplicable(leftStream.why);
      const { freeAfterMs, stillTaken, server } = leftStream;
      return freeAfterMs === undefined
        ? failed('no slot in use after a client left', `${String(stillTaken)} in use (${server})`, 'hxllm fleet')
        : pass(`${server}: free after ${String(freeAfterMs)} ms`, { value: freeAfterMs, unit: 'ms' });
    },
  },
];

function judgeTimes({ stream }: ProbeResults, judge: (timing: StreamTiming) => Verdict): Verdict {
  const reply = replyOf(stream);
  const timing = reply === undefined ? undefined : timingOf(reply);
  return timing === undefined ? unknown('the stream has no text to time') : judge(timing);
}
