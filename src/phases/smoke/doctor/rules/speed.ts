import { backendOf, replyOf } from '../../exchange.ts';
import { readEventStream } from '../../event-stream.ts';
import { readMemory } from '../../memory.ts';
import { ratesOf } from '../../server-rates.ts';
import { serversOf } from '../../target.ts';
import { cause, evidenceOf, hostOf, resultOf, type Diagnosis, type Rule, type Symptoms } from '../diagnosis.ts';

/** A stream ends before its end. */
export const truncatedRule: Rule = (symptoms) => {
  const { stream } = symptoms.outside.seen;
  const framed = resultOf(symptoms, 'stream.framed');
  if (stream === undefined || framed?.outcome !== 'fail') return undefined;
  const { outcome } = stream;
  const isCut = outcome.answered
    ? outcome.reply.status === 200 && !readEventStream(outcome.reply.body).done
    : outcome.trouble.kind === 'closed';
  if (!isCut) return undefined;
  return cause(
    'stream.truncated',
    'streamed answers end before their end',
    [evidenceOf(framed), ...(backendOf(stream) === undefined ? [] : [`answered by ${backendOf(stream) ?? ''}`])],
    symptoms.expected === undefined
      ? 'the same command with the address of the server itself, without a proxy'
      : `hxllm service logs --limit ${symptoms.target.name} --grep '"ended":"(cut|client-left)"'  # a proxy with a short time-out leaves client-left`,
  );
};

/** Headers that proxies add, or that tell them apart from the gateway. */
const PROXY_HEADERS = ['server', 'via', 'x-cache', 'cf-ray', 'x-varnish', 'x-envoy-upstream-service-time'];

/** A proxy in between holds streams back. */
export const bufferedRule: Rule = (symptoms) => {
  const unbuffered = resultOf(symptoms, 'stream.unbuffered');
  if (unbuffered?.outcome !== 'fail') return undefined;
  const headers = replyOf(symptoms.outside.seen.stream)?.headers ?? {};
  return cause(
    'stream.buffered',
    'a proxy in between holds streamed answers back and lets them go at once',
    [
      evidenceOf(unbuffered),
      ...PROXY_HEADERS.flatMap((name) =>
        headers[name] === undefined ? [] : [`${name}: ${headers[name].slice(0, 80)}`],
      ),
    ],
    symptoms.expected === undefined
      ? 'switch buffering off in the proxy (nginx: proxy_buffering off;), then the same command again'
      : 'hxllm doctor --through-ssh  # goes around the proxy; in nginx: proxy_buffering off;',
  );
};

/** A server that takes twice as long as the others is slow. */
const SLOW_FACTOR = 2;
const SLOW_TIMES = 3;
const SLOW_LEAST_MS = 1000;

/** One server is much slower than the others. */
export const slowRule: Rule = (symptoms) => {
  const { outside, target } = symptoms;
  const { fleet, seen } = outside;
  const learned = (fleet?.servers ?? [])
    .filter(({ slow_factor: factor }) => (factor ?? 1) >= SLOW_FACTOR)
    .map(({ url, slow_factor: factor }) => ({
      url,
      evidence: `/fleet: ${url} takes ${(factor ?? 1).toFixed(1)} times as long for a token as the mean`,
    }));
  const [slow]: readonly SlowServer[] = [...tooSlow(symptoms), ...learned, ...measured(seen.servers)];
  if (slow === undefined) return undefined;
  const { hostname } = new URL(slow.url);
  return cause(
    'backends.slow',
    slow.isAlone === true
      ? `the backend ${slow.url} writes too slowly`
      : `the backend ${slow.url} is much slower than the others`,
    [slow.evidence],
    `ssh ${hostname} 'uptime; ollama ps'  # its load, and whether the model is on the GPU; meanwhile: hxllm backend drain ${slow.url}${target.models === undefined ? '' : ` --limit ${target.name}`}`,
  );
};

/** A slow server; `isAlone`: by a limit, whatever the others are. */
interface SlowServer {
  readonly url: string;
  readonly isAlone?: true;
  readonly evidence: string;
}

// Below the limit that the operator has set for one client.
function tooSlow(symptoms: Symptoms): readonly SlowServer[] {
  const { seen } = symptoms.outside;
  const judged = resultOf(symptoms, 'backends.fast-enough');
  if (judged?.outcome !== 'fail') return [];
  const rates = ratesOf([...seen.aliases.values(), ...seen.servers.map(({ exchange }) => exchange)]);
  return rates
    .toSorted((a, b) => a.rate - b.rate)
    .slice(0, 1)
    .map(({ server }) => ({ url: server, isAlone: true, evidence: evidenceOf(judged) }));
}

// The same alias of several servers; the time of a load does not count.
function measured(
  servers: Symptoms['outside']['seen']['servers'],
): readonly { readonly url: string; readonly evidence: string }[] {
  const times = servers.flatMap(({ server, alias, exchange }) => {
    const reply = replyOf(exchange);
    if (reply?.status !== 200 || backendOf(exchange) !== server) return [];
    const before = [...(reply.headers['server-timing'] ?? '').matchAll(/\b(?:queue|load);dur=([\d.]+)/g)];
    return [{ server, alias, ms: reply.totalMs - before.reduce((sum, [, ms]) => sum + Number(ms), 0) }];
  });
  return [...Map.groupBy(times, ({ alias }) => alias)].flatMap(([alias, all]) => {
    const [fastest, slowest] = [Math.min(...all.map(({ ms }) => ms)), Math.max(...all.map(({ ms }) => ms))];
    const slow = all.find(({ ms }) => ms === slowest);
    return slow !== undefined && slowest > SLOW_TIMES * fastest && slowest - fastest > SLOW_LEAST_MS
      ? [
          {
            url: slow.server,
            evidence: `${alias}: ${String(Math.round(slowest))} ms at ${slow.server}, ${String(Math.round(fastest))} ms at the fastest`,
          },
        ]
      : [];
  });
}

/** An operator has taken a server out. */
export const drainedRule: Rule = ({ outside: { fleet }, target }) => {
  const [drained] = fleet?.servers.filter((server) => server.drained === true) ?? [];
  return drained === undefined
    ? undefined
    : cause(
        'backends.drained',
        `the backend ${drained.url} is drained: it gets no new requests`,
        [`/fleet: ${drained.url} is drained`],
        `hxllm backend undrain ${drained.url} --limit ${target.name}`,
      );
};

/** An alias of several servers is answered by one. */
export const lopsidedRule: Rule = (symptoms) => {
  const { outside, target, expected } = symptoms;
  const balanced = resultOf(symptoms, 'backends.balanced');
  const strategy = expected === undefined ? '' : `litellm_routing_strategy is ${expected.routingStrategy}`;
  const diagnosis = (alias: string, evidence: readonly string[]): Diagnosis =>
    cause(
      'balance.lopsided',
      `${alias} is answered by one server, while your files give it several`,
      [...evidence, strategy],
      `hxllm fleet --limit ${target.name}  # slots, memory and state of each server`,
    );
  if (balanced?.outcome === 'fail' && outside.seen.burst.sent)
    return diagnosis(outside.seen.burst.alias, [evidenceOf(balanced)]);
  // The gateway's own list of deployments, where no burst could be sent.
  const health = outside.exchanges.findLast(({ asked }) => new URL(asked.url).pathname.endsWith('/health'));
  const memory = readMemory(health);
  if (memory === undefined || outside.fleet === undefined) return undefined;
  for (const alias of target.models ?? []) {
    const wanted = serversOf(target, alias);
    const model = expected?.models.find(({ name }) => name === alias)?.model;
    const has = outside.fleet.servers.filter(
      ({ url, models }) => wanted.includes(url) && models.some((one) => one.model === model),
    );
    if (wanted.length >= 2 && model !== undefined && has.length === 1 && hostOf(symptoms) !== undefined)
      return diagnosis(alias, [
        `your files give ${alias} ${wanted.join(', ')}`,
        `/fleet: ${model} is a model of ${has.map(({ url }) => url).join(', ')} alone`,
      ]);
  }
  return undefined;
};

/** Contexts that people's prompts outgrow begin below this, tokens. */
const LEAST_CONTEXT = 8192;

/** The context of an alias is too small for what tools send. */
export const contextRule: Rule = (symptoms) => {
  const { expected, outside, target } = symptoms;
  const { facts } = outside.seen;
  const shown = (hostOf(symptoms)?.backends ?? []).flatMap(({ details }) =>
    details.known ? (details.value?.shown ?? []) : [],
  );
  const models =
    expected?.models ?? [...facts.keys()].map((name) => ({ name, model: name, numCtx: undefined, mode: '' }));
  for (const { name, model, numCtx, mode } of models) {
    const fact = facts.get(name);
    if (mode === 'embedding' || fact?.isEmbedding === true) continue;
    const trained = shown.find((one) => one.name === model)?.trainedContext ?? fact?.trained;
    const stated = numCtx ?? fact?.stated;
    const isShort = trained !== undefined && trained < LEAST_CONTEXT;
    const isStated = stated !== undefined && stated < LEAST_CONTEXT && !isShort;
    if (!isStated && !isShort) continue;
    const context = isStated ? stated : trained;
    const place =
      numCtx === undefined ? `num_ctx that ${model} has on its server` : 'num_ctx of its entry in litellm_models';
    const setting = `num_ctx: ${String(Math.min(LEAST_CONTEXT * 2, trained ?? LEAST_CONTEXT * 2))}`;
    return {
      id: 'models.context-small',
      severity: 'warning',
      summary: `the context of ${name} is too small for Open WebUI’s tools and for coding agents`,
      evidence: [
        `${isStated ? place : `the trained context of ${model}`} is ${String(context)} tokens, and their prompts have ${String(LEAST_CONTEXT)} and more`,
      ],
      next: !isStated
        ? expected === undefined
          ? `ollama list  # on that server: a model with a longer context`
          : `hxllm inventory --model ${name}=MODEL  # a model with a longer context`
        : expected === undefined
          ? `ollama show ${model}  # then ${setting} in the server’s own configuration`
          : `hxllm inventory explain ${target.name}  # shows the entry; set ${setting}, then: hxllm enforce`,
    };
  }
  return undefined;
};
