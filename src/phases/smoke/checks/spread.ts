import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { backendOf, describeReply, replyOf, type Exchange } from '../exchange.ts';
import type { ProbeResults } from '../probe-results.ts';
import type { ServerAnswer } from '../servers.ts';
import { outOfTime } from './answers.ts';

/** Does every server answer, and is the work shared among them? */
export const SPREAD_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'backends.used',
    title: 'every backend answers when it is asked by name',
    severity: 'error',
    after: ['models.listed'],
    judge: judgeServers,
  },
  {
    id: 'backends.have-models',
    title: 'every server has the models of its aliases',
    severity: 'error',
    after: ['models.listed'],
    judge: ({ servers, target }) => {
      if (target.backends === undefined) return notApplicable('no backends are expected');
      if (servers.length === 0) return unknown('no server was asked by name');
      const lacking = servers.filter(({ exchange }) => replyOf(exchange)?.status === 404);
      const number = { value: lacking.length, unit: 'models', limit: 0 };
      if (lacking.length > 0)
        return failed(
          'the model of each alias on each of its servers',
          lacking.map(describe).join('; '),
          'hxllm preflight --only models -v  # the models of each server',
          number,
        );
      const missed = unaskedIn(servers);
      return missed.length > 0
        ? outOfTime(missed, target)
        : pass(`no server of ${String(target.backends.length)} lacks a model`, number);
    },
  },
  {
    id: 'backends.every-alias',
    title: 'every alias is answered by each of its servers',
    severity: 'error',
    after: ['models.listed'],
    judge: ({ servers, target }) => {
      if (target.everyServer !== true)
        return notApplicable('asked with --every-server only: it may load every model everywhere');
      if (servers.length === 0) return unknown('no server was asked by name');
      const asked = servers.filter(({ exchange }) => exchange !== undefined);
      const silent = asked.filter(({ exchange, server }) => backendOf(exchange) !== server);
      if (silent.length > 0)
        return failed(
          `${String(servers.length)} answers, one for each alias on each server`,
          silent.map(describe).join('; '),
          'hxllm preflight  # asks the backends',
        );
      const missed = unaskedIn(servers);
      return missed.length > 0
        ? outOfTime(missed, target)
        : pass(`${String(servers.length)} answers`, { value: servers.length, unit: 'answers', limit: servers.length });
    },
  },
  {
    id: 'backends.balanced',
    title: 'a burst is answered by more than one server',
    severity: 'error',
    after: ['models.listed'],
    judge: ({ burst, target }) => {
      if (!burst.sent) return burst.late === true ? outOfTime([burst.why], target) : notApplicable(burst.why);
      const { alias, servers, exchanges } = burst;
      const size = String(exchanges.length);
      const answered = exchanges.map(backendOf).filter((backend) => backend !== undefined);
      const used = new Set(answered);
      const number = { value: used.size, unit: 'servers', limit: 2 };
      // A queue that people have filled may refuse.
      const broken = exchanges.find(
        ({ outcome }) =>
          (outcome.answered && ![200, 429, 503].includes(outcome.reply.status)) ||
          (!outcome.answered && outcome.trouble.kind !== 'aborted'),
      );
      if (broken !== undefined && used.size > 0)
        return failed(
          `${size} answers to ${size} requests for ${alias} at once`,
          `${String(answered.length)}: ${describeExchange(broken)}`,
          'hxllm fleet',
          number,
        );
      const refused = exchanges.length - answered.length;
      if (used.size >= 2)
        return pass(
          `${size} requests for ${alias} at once: ${count(answered)}${refused === 0 ? '' : `, ${String(refused)} refused`}`,
          number,
        );
      if (answered.length < exchanges.length)
        return unknown(
          `${String(answered.length)} of ${size} requests for ${alias} at once were answered`,
          'hxllm preflight  # asks the backends',
        );
      return failed(
        `answers from two of ${servers.join(', ')}, which have ${alias} in memory`,
        `${size} requests at once: ${count(answered)}`,
        'hxllm enforce',
        number,
      );
    },
  },
];

function judgeServers({ aliases, servers, target }: ProbeResults): Verdict {
  const named = [...aliases.values(), ...servers.map(({ exchange }) => exchange)]
    .map(backendOf)
    .filter((backend) => backend !== undefined);
  if (target.backends === undefined)
    return notApplicable(
      named.length === 0
        ? 'this server does not say which backend answered'
        : `no backends are expected; answers came from ${[...new Set(named)].join(', ')}`,
    );
  const asked = [...aliases.values()].filter((exchange) => exchange !== undefined);
  if (!asked.some(({ outcome }) => outcome.answered && outcome.reply.status === 200))
    return unknown('no alias was answered');
  if (named.length === 0)
    return failed(
      'x-hxllm-backend on replies',
      'no such header: this is not a gateway that hxllm installed',
      'hxllm enforce',
    );
  const strange = named.find((backend) => target.backends?.includes(backend) !== true);
  if (strange !== undefined)
    return failed(`answers from ${target.backends.join(', ')}`, `an answer from ${strange}`, 'hxllm enforce');
  const isMissing = (url: string): boolean =>
    !servers.some(({ server, exchange }) => server === url && backendOf(exchange) === url);
  const missing = target.backends.filter(isMissing);
  const silent = servers.filter(({ server, exchange }) => missing.includes(server) && exchange !== undefined);
  const unasked = missing.filter((url) => !silent.some(({ server }) => server === url));
  if (silent.length > 0)
    return failed(
      `an answer from each of ${target.backends.join(', ')}`,
      silent.map(describe).join('; '),
      'hxllm preflight  # asks the backends',
    );
  if (unasked.length > 0) return outOfTime(unasked, target);
  return pass(
    servers
      .filter(({ server, exchange }) => backendOf(exchange) === server)
      .map(({ server, alias }) => `${server} (${alias})`)
      .join(', '),
    { value: target.backends.length, unit: 'servers', limit: target.backends.length },
  );
}

/** The answers that the time did not suffice for. */
function unaskedIn(servers: readonly ServerAnswer[]): readonly string[] {
  return servers.filter(({ exchange }) => exchange === undefined).map(({ alias, server }) => `${alias} of ${server}`);
}

function describe({ server, alias, exchange }: ServerAnswer): string {
  return `${alias} of ${server}: ${exchange === undefined ? 'not asked' : describeExchange(exchange)}`;
}

/** An exchange without its expected answer, in a few words. */
function describeExchange({ outcome }: Exchange): string {
  if (!outcome.answered) return outcome.trouble.seen;
  const backend = outcome.reply.headers['x-hxllm-backend'];
  return outcome.reply.status === 200 ? `answered by ${backend ?? 'no named server'}` : describeReply(outcome.reply);
}

/** `http://a 2×, http://b 1×` */
function count(backends: readonly string[]): string {
  return [...Map.groupBy(backends, (backend) => backend)]
    .map(([url, all]) => `${url} ${String(all.length)}×`)
    .join(', ');
}
