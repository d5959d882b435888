import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { at, describeReply, jsonOf, replyOf, type Exchange, type Reply } from '../exchange.ts';
import { KEY_LIFE, KEY_LIMIT, NO_FOLDER, type KeyAnswers } from '../key-probes.ts';
import type { ProbeResults } from '../probe-results.ts';

const RECORDED = 'see the recorded answers in report.json';
/** A duration as Go writes it. */
const GO_DURATION = /^(?:\d+m)?(?:\d+(?:\.\d+)?m?s)$/;
/** Clients wait no longer by themselves. */
const LONGEST_WAIT_S = 60;
const ALLOWED = { value: KEY_LIMIT, unit: 'requests a minute', limit: KEY_LIMIT };

/** Can a key be made, does its limit hold, and is it gone again? Only where it is asked for, since it changes something. */
export const KEY_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'keys.made',
    title: 'a key with a limit can be made',
    severity: 'error',
    after: ['auth.key-accepted'],
    judge: (seen) =>
      judgeAnswers(seen, ({ made }) => {
        if (!made.outcome.answered) return unknown(made.outcome.trouble.seen, made.outcome.trouble.fix);
        const { reply } = made.outcome;
        if (reply.status !== 200)
          return failed(
            '200 from POST /key/generate',
            describeReply(reply),
            reply.status === NO_FOLDER
              ? 'set hxllm.state_dir in config.yaml, and start the gateway again'
              : 'hxllm keys list  # asks in the same way',
          );
        return at(jsonOf(reply), 'rpm_limit') === KEY_LIMIT
          ? pass(`${seen.target.keyAlias ?? ''}, ${String(KEY_LIMIT)} requests a minute`, ALLOWED)
          : failed(`a key with rpm_limit ${String(KEY_LIMIT)}`, describeReply(reply), RECORDED);
      }),
  },
  {
    id: 'keys.limit-holds',
    title: 'a limit of two requests a minute lets two in and refuses the third',
    severity: 'error',
    after: ['keys.made'],
    judge: (seen) =>
      judgeAnswers(seen, ({ uses }) => {
        const broken = uses.find(({ outcome }) => !outcome.answered);
        if (broken?.outcome.answered === false) return unknown(broken.outcome.trouble.seen, broken.outcome.trouble.fix);
        const statuses = uses.map((use) => replyOf(use)?.status ?? 0).toSorted((a, b) => a - b);
        const wanted = [...Array.from({ length: KEY_LIMIT }, () => 200), 429].join(', ');
        return statuses.join(', ') === wanted
          ? pass(`${wanted} for ${String(uses.length)} requests at once`, ALLOWED)
          : failed(`${wanted} for ${String(uses.length)} requests at once`, statuses.join(', '), RECORDED);
      }),
  },
  {
    id: 'keys.limit-told',
    title: 'answers tell the limit, and the refusal when to come again',
    severity: 'error',
    after: ['keys.limit-holds'],
    judge: (seen) =>
      judgeAnswers(seen, ({ uses }) => {
        const replies = uses.flatMap((use) => replyOf(use) ?? []);
        const refusal = replies.find(({ status }) => status === 429);
        if (refusal === undefined) return unknown('there is no refusal');
        const fault = faultOfAnswers(replies) ?? faultOfRefusal(refusal);
        return fault === undefined
          ? pass(`x-ratelimit-* on each, retry-after ${refusal.headers['retry-after'] ?? ''} s on the 429`, {
              value: Number(refusal.headers['retry-after']),
              unit: 's',
              limit: LONGEST_WAIT_S,
            })
          : failed('OpenAI’s x-ratelimit-* headers, and on the 429 a true retry-after', fault, RECORDED);
      }),
  },
  {
    id: 'keys.removed',
    title: 'the key is removed, and refused from then on',
    severity: 'error',
    after: ['auth.key-accepted'],
    judge: (seen) =>
      judgeAnswers(seen, ({ made, removed, refused }) => {
        const { keyAlias = '' } = seen.target;
        if (removed === undefined) return notApplicable('no key was made');
        const status = replyOf(removed)?.status;
        if (status === 404 && replyOf(made)?.status !== 200)
          return pass('no key was made', { value: 0, unit: 'keys', limit: 0 });
        if (status !== 200) return notRemoved(removed, keyAlias);
        if (refused === undefined) return pass(`${keyAlias} is removed`, { value: 0, unit: 'keys', limit: 0 });
        if (!refused.outcome.answered) return unknown(refused.outcome.trouble.seen, refused.outcome.trouble.fix);
        const { reply } = refused.outcome;
        return reply.status === 401
          ? pass(`${keyAlias} is removed; 401 with it`, { value: 0, unit: 'keys', limit: 0 })
          : failed('401 with the removed key', describeReply(reply), RECORDED);
      }),
  },
];

/** The words about a key that may still be there; `undefined` where none is. */
export function keptKey({ keys, target }: ProbeResults): string | undefined {
  if (keys?.removed === undefined) return undefined;
  const status = replyOf(keys.removed)?.status;
  return status === 200 || status === 404
    ? undefined
    : `the key ${target.keyAlias ?? ''} may still be there, for ${KEY_LIFE} from now at most\nremove it: ${removalOf(target.keyAlias ?? '')}`;
}

function judgeAnswers({ keys, target }: ProbeResults, judge: (answers: KeyAnswers) => Verdict): Verdict {
  if (target.keyAlias === undefined) return notApplicable('not asked for: --keys makes a key, and removes it');
  return keys === undefined ? unknown('not asked: no model answered, or the time was over') : judge(keys);
}

function notRemoved({ outcome }: Exchange, alias: string): Verdict {
  const seen = outcome.answered ? describeReply(outcome.reply) : outcome.trouble.seen;
  return failed('200 from POST /key/delete', `${seen}; the key ends by itself after ${KEY_LIFE}`, removalOf(alias));
}

function removalOf(alias: string): string {
  return `hxllm keys delete ${alias}`;
}

function faultOfAnswers(replies: readonly Reply[]): string | undefined {
  const remaining: string[] = [];
  for (const { status, headers } of replies) {
    const limit = headers['x-ratelimit-limit-requests'];
    if (limit !== String(KEY_LIMIT)) return `${String(status)} with x-ratelimit-limit-requests ${limit ?? 'missing'}`;
    const reset = headers['x-ratelimit-reset-requests'] ?? 'missing';
    if (!GO_DURATION.test(reset)) return `${String(status)} with x-ratelimit-reset-requests ${reset}`;
    remaining.push(headers['x-ratelimit-remaining-requests'] ?? 'missing');
  }
  const wanted = [0, ...Array.from({ length: KEY_LIMIT }, (_, left) => left)].join(', ');
  const found = remaining.toSorted().join(', ');
  return found === wanted ? undefined : `x-ratelimit-remaining-requests ${found} instead of ${wanted}`;
}

function faultOfRefusal(refusal: Reply): string | undefined {
  const error = at(jsonOf(refusal), 'error');
  const [type, code] = [at(error, 'type'), at(error, 'code')].map((value) => JSON.stringify(value) ?? 'missing');
  if (type !== '"requests"') return `the type of the error is ${type ?? ''}`;
  if (code !== '"rate_limit_exceeded"') return `the code of the error is ${code ?? ''}`;
  const [seconds, ms] = [refusal.headers['retry-after'], refusal.headers['retry-after-ms']];
  const isTrue =
    Number(seconds) >= 1 && Number(seconds) <= LONGEST_WAIT_S && Math.ceil(Number(ms) / 1000) === Number(seconds);
  return isTrue ? undefined : `retry-after ${seconds ?? 'missing'}, retry-after-ms ${ms ?? 'missing'}`;
}
