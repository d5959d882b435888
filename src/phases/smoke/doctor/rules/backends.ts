import { isSameModel, modelFamily } from '../../../../core/model-name.ts';
import { nearestName } from '../../../../core/spelling.ts';
import { at, describeReply, jsonOf, replyOf, type Exchange } from '../../exchange.ts';
import { serversOf } from '../../target.ts';
import { cause, hostOf, type BackendSymptoms, type Rule, type Symptoms } from '../diagnosis.ts';

/** A server of the configuration does not answer. */
export const deadBackendRule: Rule = (symptoms) => {
  const { outside, target } = symptoms;
  const found = (target.backends ?? []).flatMap((url) => {
    const server = outside.fleet?.servers.find((one) => one.url === url);
    const version = hostOf(symptoms)?.backends.find((one) => one.url === url)?.version;
    const down =
      server?.state === 'down'
        ? `/fleet: ${url} is down${server.down_since === undefined ? '' : ` since ${server.down_since}`}`
        : '';
    const silent =
      version?.known === true && !version.value.answered ? `from ${target.name}: ${url}: ${version.value.why}` : '';
    const asked = down === '' && silent === '' && outside.fleet === undefined ? noAnswerOf(symptoms, url) : '';
    const evidence = [down, silent, asked].filter((line) => line !== '');
    return evidence.length === 0 ? [] : [{ url, evidence }];
  });
  const [first, ...more] = found;
  if (first === undefined) return undefined;
  const { hostname } = new URL(first.url);
  return cause(
    'backends.dead',
    more.length === 0
      ? `the backend ${first.url} does not answer`
      : `${String(found.length)} backends do not answer: ${found.map(({ url }) => url).join(', ')}`,
    found.flatMap(({ evidence }) => evidence),
    `sudo systemctl status ollama  # on ${hostname}; from ${target.name}: curl -m 5 ${first.url}/api/version`,
  );
};

// Without /fleet: the answer that named this server, if it says that the server is the fault.
function noAnswerOf({ outside }: Symptoms, url: string): string {
  const bad = outside.seen.servers.filter(({ server, exchange }) => server === url && exchange !== undefined);
  const codes = bad.map(({ exchange }) => errorCodeOf(exchange));
  if (bad.length === 0 || !codes.every((code) => code !== undefined && DEAD_CODES.has(code))) return '';
  return `asked by name: ${url}: ${describe(bad[0]?.exchange)}`;
}

const DEAD_CODES: ReadonlySet<string> = new Set(['no_backend', 'backend_unreachable', 'timeout']);

/** A queue is full, or requests wait long in it. */
export const queueRule: Rule = ({ outside, target }) => {
  const exchanges = [
    ...outside.seen.aliases.values(),
    outside.seen.stream,
    ...outside.seen.servers.map(({ exchange }) => exchange),
  ];
  const first = exchanges.find((exchange) => QUEUE_CODES.has(errorCodeOf(exchange) ?? ''));
  const waiting = outside.fleet?.aliases.filter((alias) => alias.waiting > 0) ?? [];
  if (first === undefined) return undefined;
  const alias = String(at(first.asked.body, 'model'));
  return cause(
    'queue.full',
    `the queue for ${alias} is full: more requests come than the servers answer`,
    [
      describe(first),
      ...waiting.map(
        (one) =>
          `/fleet: ${String(one.waiting)} requests wait for ${one.alias}${one.oldest_ms === undefined ? '' : `, the oldest for ${String(Math.round(one.oldest_ms / 1000))} s`}`,
      ),
    ],
    target.models === undefined
      ? 'ask again later'
      : `hxllm fleet --limit ${target.name}  # who waits, and which slots are taken`,
  );
};

const QUEUE_CODES: ReadonlySet<string> = new Set(['queue_full', 'queue_too_long']);

/** A model of the configuration is on none of its servers, on some of them not, or there under another name. */
export const modelRule: Rule = (symptoms) => onHost(symptoms) ?? fromOutside(symptoms);

function onHost(symptoms: Symptoms): ReturnType<Rule> {
  const { target, expected } = symptoms;
  const listings = new Map(
    (hostOf(symptoms)?.backends ?? []).flatMap(({ url, models }: BackendSymptoms) =>
      models.known && models.value.answered ? [[url, models.value.value.map(({ name }) => name)] as const] : [],
    ),
  );
  if (listings.size === 0) return undefined;
  const lacking = (expected?.models ?? []).flatMap(({ name, model }) => {
    const servers = serversOf(target, name).filter((url) => listings.has(url));
    const without = servers.filter((url) => listings.get(url)?.some((one) => isSameModel(one, model)) !== true);
    return without.length === 0 ? [] : [{ name, model, without, everywhere: without.length === servers.length }];
  });
  const [first] = lacking.toSorted((a, b) => Number(b.everywhere) - Number(a.everywhere));
  const [url] = first?.without ?? [];
  if (first === undefined || url === undefined) return undefined;
  const { name, model, without, everywhere } = first;
  const names = without.flatMap((server) => listings.get(server) ?? []);
  const near = nearestName(model, names) ?? names.find((one) => modelFamily(one) === modelFamily(model));
  return cause(
    everywhere ? 'models.on-no-server' : 'models.missing',
    everywhere
      ? `no server has ${model}, which ${name} stands for`
      : `${without.join(', ')} has no ${model}, which ${name} stands for`,
    [
      ...without.map((server) => `${server} has ${(listings.get(server) ?? []).slice(0, 6).join(', ') || 'no models'}`),
      ...(near === undefined ? [] : [`the nearest name is ${near}: compare it with litellm_models`]),
    ],
    `ollama pull ${model}  # on ${new URL(url).hostname}; without internet: copy the folder of models from a server that has it`,
  );
}

function fromOutside({ outside, target }: Symptoms): ReturnType<Rule> {
  if (target.models === undefined) return undefined;
  const isMissing = (exchange: Exchange | undefined): boolean => replyOf(exchange)?.status === 404;
  const aliases = [...outside.seen.aliases].filter(([, exchange]) => isMissing(exchange));
  const servers = outside.seen.servers.filter(({ exchange }) => isMissing(exchange));
  const [alias] = aliases[0] ?? [];
  if (alias !== undefined)
    return cause(
      'models.on-no-server',
      `no server answers for ${alias}, while it is listed`,
      aliases.map(([, exchange]) => describe(exchange)),
      `hxllm preflight --only models --limit ${target.name} -v  # the models of each server`,
    );
  const [first] = servers;
  if (first === undefined) return undefined;
  return cause(
    'models.missing',
    `${first.server} has no model for ${first.alias}`,
    servers.map(({ server, exchange }) => `${server}: ${describe(exchange)}`),
    `hxllm preflight --only models --limit ${target.name} -v  # the models of each server`,
  );
}

function errorCodeOf(exchange: Exchange | undefined): string | undefined {
  const reply = replyOf(exchange);
  const code = reply === undefined || reply.status === 200 ? undefined : at(jsonOf(reply), 'error', 'code');
  return typeof code === 'string' ? code : undefined;
}

function describe(exchange: Exchange | undefined): string {
  if (exchange === undefined) return '';
  const model = String(at(exchange.asked.body, 'model'));
  return `${model}: ${exchange.outcome.answered ? describeReply(exchange.outcome.reply) : exchange.outcome.trouble.seen}`;
}
