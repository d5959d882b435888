import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { at, describeReply, jsonOf, replyOf, type Exchange, type Reply } from '../exchange.ts';
import type { ProbeResults } from '../probe-results.ts';
import { isOurs } from '../target.ts';

const ERROR_KEYS = ['code', 'message', 'param', 'type'];

/** Are requests without the right key refused, and those with it accepted? */
export const ACCESS_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'auth.key-required',
    title: 'requests without a key are refused',
    severity: 'error',
    after: ['http.reachable'],
    judge: ({ withoutKey, target }) => {
      if (target.key === undefined && withoutKey.every((exchange) => replyOf(exchange)?.status !== 401))
        return notApplicable('no key was given, and the server needs none');
      return firstBad(withoutKey.map((exchange) => judgeRefusal(exchange, isOurs(target), null)));
    },
  },
  {
    id: 'auth.wrong-key-refused',
    title: 'requests with a wrong key are refused',
    severity: 'error',
    after: ['http.reachable'],
    judge: ({ wrongKey, target }) =>
      wrongKey === undefined
        ? notApplicable('no key was given')
        : judgeRefusal(wrongKey, isOurs(target), 'invalid_api_key'),
  },
  {
    id: 'auth.malformed-refused',
    title: 'requests with a malformed header are refused',
    severity: 'error',
    after: ['http.reachable'],
    judge: ({ malformed, target }) =>
      malformed.length === 0
        ? notApplicable('no key was given')
        : firstBad(malformed.map((exchange) => judgeRefusal(exchange, isOurs(target), null))),
  },
  {
    id: 'auth.query-key-refused',
    title: 'a key in the URL is refused',
    severity: 'error',
    after: ['http.reachable'],
    judge: ({ queryKey, proxy, target }) => {
      if (target.key === undefined) return notApplicable('no key was given');
      if (!isOurs(target)) return notApplicable('not asked: the log of this server may keep the key');
      if (proxy !== undefined)
        return notApplicable(`not asked: a proxy (${proxy}) stands in between, and its log may keep the key`);
      return queryKey === undefined ? unknown('it was not asked') : judgeRefusal(queryKey, true, null);
    },
  },
  {
    id: 'auth.key-accepted',
    title: 'the key is accepted',
    severity: 'error',
    after: ['http.reachable'],
    judge: ({ models, target }) => {
      if (models?.outcome.answered === false) return unknown(models.outcome.trouble.seen, models.outcome.trouble.fix);
      const reply = replyOf(models);
      if (models === undefined || reply === undefined) return unknown('it was not asked');
      if (reply.status === 401 || reply.status === 403)
        return failed(
          `200 from ${pathOf(models)}`,
          describeReply(reply),
          keyFix(target.key !== undefined, target.models !== undefined),
        );
      return target.key === undefined
        ? notApplicable('no key was given, and the server needs none')
        : pass(`${pathOf(models)} answers ${String(reply.status)}`, { value: reply.totalMs, unit: 'ms' });
    },
  },
  {
    id: 'auth.previous-key',
    title: 'during a rotation the previous key works too',
    severity: 'error',
    after: ['http.reachable'],
    judge: ({ previousKey, target }) => {
      if (target.previousKey === undefined) return notApplicable('no rotation is under way: there is no previous key');
      if (previousKey === undefined) return unknown('it was not asked');
      if (!previousKey.outcome.answered)
        return unknown(previousKey.outcome.trouble.seen, previousKey.outcome.trouble.fix);
      const { reply } = previousKey.outcome;
      return reply.status === 200
        ? pass(`${pathOf(previousKey)} answers 200 with litellm_master_key_previous`, {
            value: reply.totalMs,
            unit: 'ms',
          })
        : failed(
            `200 from ${pathOf(previousKey)} with litellm_master_key_previous`,
            describeReply(reply),
            'hxllm enforce  # gives the gateway both keys',
          );
    },
  },
  {
    id: 'auth.revoked-key-refused',
    title: 'the key before the last rotation is refused',
    severity: 'error',
    after: ['http.reachable'],
    judge: ({ revokedKey, target }) => {
      if (target.revokedKey === undefined) return notApplicable('no key was revoked');
      return revokedKey === undefined
        ? unknown('it was not asked')
        : judgeRefusal(
            revokedKey,
            isOurs(target),
            'invalid_api_key',
            'hxllm enforce  # takes the old key from the gateway',
          );
    },
  },
];

// It refuses, so a further key would change nothing.
const NOT_401 = 'have the server refuse with 401: clients take another status for a fault, and ask again';
const GIVE_KEY = 'hxllm enforce  # gives the gateway its key';

// OpenAI's error object has all four keys. hxllm's gateway must also send exactly OpenAI's type and code.
function judgeRefusal(exchange: Exchange, ours: boolean, code: string | null, enforce = GIVE_KEY): Verdict {
  const what = `${exchange.asked.method} ${pathOf(exchange)}`;
  const fix = ours ? enforce : 'configure the server to require a key';
  if (!exchange.outcome.answered)
    return unknown(`${what}: ${exchange.outcome.trouble.seen}`, exchange.outcome.trouble.fix);
  const { reply } = exchange.outcome;
  const wanted = `401 with OpenAI's error object from ${what}`;
  if (reply.status !== 401) return failed(wanted, describeReply(reply), reply.status >= 400 && !ours ? NOT_401 : fix);
  const fault = faultOf(reply, ours, code);
  return fault === undefined
    ? pass(`${what} answers 401`, { value: reply.totalMs, unit: 'ms' })
    : failed(
        wanted,
        `401, but ${fault}`,
        'compare the recorded answer with https://platform.openai.com/docs/guides/error-codes',
      );
}

function faultOf(reply: Reply, ours: boolean, code: string | null): string | undefined {
  const error = at(jsonOf(reply), 'error');
  if (typeof at(error, 'message') !== 'string' || at(error, 'message') === '')
    return `its body is not an error object: ${describeReply(reply)}`;
  if (!ours) return undefined;
  const keys = Object.keys(Object(error)).toSorted();
  if (keys.join() !== ERROR_KEYS.join()) return `the error has the keys ${keys.join(', ')}`;
  if (at(error, 'type') !== 'invalid_request_error') return `its type is ${JSON.stringify(at(error, 'type'))}`;
  if (at(error, 'param') !== null) return `its param is ${JSON.stringify(at(error, 'param'))}`;
  return at(error, 'code') === code
    ? undefined
    : `its code is ${JSON.stringify(at(error, 'code'))}, not ${JSON.stringify(code)}`;
}

function keyFix(given: boolean, ours: boolean): string {
  if (!given) return ours ? 'hxllm smoke --ask-vault-pass' : 'the same command with --key-file FILE';
  return ours
    ? 'hxllm enforce  # gives the gateway the key of the vault'
    : 'the same command with the file of a key that this server knows';
}

function firstBad(verdicts: readonly Verdict[]): Verdict {
  return (
    verdicts.find(({ outcome }) => outcome !== 'pass') ?? {
      outcome: 'pass',
      seen: verdicts.map(({ seen }) => seen).join(', '),
      measured: { value: verdicts.length, unit: 'refusals', limit: verdicts.length },
    }
  );
}

/** The path of a request. */
export function pathOf(exchange: Exchange): string {
  return new URL(exchange.asked.url).pathname;
}
