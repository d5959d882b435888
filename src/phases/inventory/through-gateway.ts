import type { Host, Target } from '../../core/host.ts';
import { randomId } from '../../core/id.ts';
import type { PhaseTools } from '../../core/phase.ts';
import { fail, inWords, ok, type Problem, type Result } from '../../core/problem.ts';
import { ask } from '../../facts/ask.ts';
import { ollamaDetailsQuestion } from '../../facts/ollama-details.ts';
import { ollamaVersionQuestion, servedModelsQuestion, type BackendReply } from '../../facts/ollama.ts';
import type { ServedModel } from '../../facts/ollama-server/http.ts';
import type { Fact, Question } from '../../facts/question.ts';
import { chooseHost } from './group.ts';
import type { InventoryRequest } from './request.ts';
import type { ServerAnswer } from './scan/scan.ts';
import type { Unanswered } from './subject.ts';

/** Hosts that are tried until one lets us in; each that is dead costs the time limit of a connection. */
const HOSTS_MAX = 3;

/** Longer than the time limit of any of the questions. */
const ASK_TIMEOUT_MS = 40_000;

/** The answer of a server, asked from the gateway's host. */
export interface RelayedAnswer extends ServerAnswer {
  /** The host that asked it. */
  readonly from: string;
}

/**
 * Asks servers that this machine does not reach from a host of the gateway, over SSH: often that host alone reaches them. `withDetails`: also
 * for their versions, and for what `/api/show` says of each model. A Problem has what both saw, and how to get on.
 */
export async function askThroughGateway(
  unanswered: readonly Unanswered[],
  request: InventoryRequest,
  withDetails: boolean,
  tools: PhaseTools,
): Promise<ReadonlyMap<string, Result<RelayedAnswer>>> {
  const refusals: Problem[] = [];
  for (const target of unanswered.length === 0 ? [] : await gatewayTargets(request)) {
    if (tools.signal.aborted) break;
    const connected = target.ok ? await tools.connect(target.value, tools.signal) : target;
    if (!connected.ok) {
      refusals.push(connected.problems[0]);
      continue;
    }
    try {
      return await askFrom(connected.value, unanswered, withDetails, tools);
    } finally {
      await connected.value.close();
    }
  }
  const [refusal] = refusals;
  return new Map(
    unanswered.map(({ url, problem }) => [
      url,
      fail(
        refusal === undefined
          ? problem
          : {
              ...problem,
              detail: `${problem.detail} Nor could it be asked from the gateway’s host: ${inWords(refusal)}`,
              fix: refusal.fix,
            },
      ),
    ]),
  );
}

/** The connections to the hosts that run the gateway or will, at most three. This machine has asked already. */
async function gatewayTargets(request: InventoryRequest): Promise<readonly Result<Target>[]> {
  const hosts = request.config?.hosts.map(({ target }) => target) ?? [];
  const { joining } = chooseHost(request);
  const more = joining === undefined || hosts.some(({ name }) => name === joining) ? [] : [joining];
  const targets = [...hosts.map((target) => ok(target)), ...(await Promise.all(more.map(request.targetOf)))];
  return targets.filter((target) => !target.ok || target.value.connection === 'ssh').slice(0, HOSTS_MAX);
}

async function askFrom(
  host: Host,
  unanswered: readonly Unanswered[],
  withDetails: boolean,
  tools: PhaseTools,
): Promise<ReadonlyMap<string, Result<RelayedAnswer>>> {
  const urls = unanswered.map(({ url }) => url);
  tools.recorder.event({ kind: 'progress', host: host.name, text: `asking ${urls.join(', ')} from ${host.name}` });
  const lists = await askEach(host, 'models', urls, servedModelsQuestion, tools);
  const listOf = (url: string): readonly ServedModel[] | undefined => {
    const reply = lists.get(url);
    return reply?.known === true && reply.value.answered ? reply.value.value : undefined;
  };
  const answering = withDetails ? urls.filter((url) => listOf(url) !== undefined) : [];
  const [versions, details] = await Promise.all([
    askEach(host, 'versions', answering, ollamaVersionQuestion, tools),
    askEach(host, 'details', answering, (url) => ollamaDetailsQuestion(url, namesOf(listOf(url))), tools),
  ]);
  return new Map(
    unanswered.map(({ url, problem }): readonly [string, Result<RelayedAnswer>] => {
      const models = listOf(url);
      if (models === undefined) return [url, fail(alsoFrom(host.name, url, problem, reasonOf(lists.get(url))))];
      const version = versions.get(url);
      const shown = details.get(url);
      const known = shown?.known === true ? (shown.value?.shown ?? []) : [];
      return [
        url,
        ok({
          from: host.name,
          version: version?.known === true && version.value.answered ? version.value.value : undefined,
          models: models.map((model) => {
            const own = known.find(({ name }) => name === model.name);
            return { ...model, trainedContext: own?.trainedContext, numCtx: own?.numCtx };
          }),
        }),
      ];
    }),
  );
}

/** Asks one question about each URL, as the login user. Without any URL the host is left alone. */
async function askEach<T>(
  host: Host,
  part: string,
  urls: readonly string[],
  questionOf: (url: string) => Question<T>,
  { recorder, signal }: PhaseTools,
): Promise<ReadonlyMap<string, Fact<T>>> {
  if (urls.length === 0) return new Map();
  const questions = Object.fromEntries(urls.map((url, index) => [`${part}${String(index)}`, questionOf(url)]));
  const asked = await ask<Readonly<Record<string, Question<T>>>>(host, questions, randomId(), {
    signal,
    timeoutMs: ASK_TIMEOUT_MS,
    become: 'none',
    keep: (answers, script) => {
      recorder.file(`hosts/${host.name}/${part}-of-servers.sh`, `${script}\n`);
      recorder.file(`hosts/${host.name}/${part}-of-servers.json`, Object.fromEntries(answers));
    },
  });
  const missing: Fact<T> = { known: false, why: asked.ok ? 'the host gave no answer' : inWords(asked.problems[0]) };
  return new Map(
    urls.map((url, index) => [url, (asked.ok ? asked.value[`${part}${String(index)}`] : undefined) ?? missing]),
  );
}

function namesOf(models: readonly ServedModel[] | undefined): readonly string[] {
  return (models ?? []).map(({ name }) => name);
}

function reasonOf(reply: Fact<BackendReply<unknown>> | undefined): string {
  if (reply?.known !== true) return reply?.why ?? 'no answer';
  return reply.value.answered ? '' : reply.value.why;
}

function alsoFrom(name: string, url: string, problem: Problem, why: string): Problem {
  return {
    ...problem,
    detail: `${problem.detail} Asked from ${name}, found: ${why}.`,
    fix: `curl ${url}/api/tags  # on ${name}, which has to reach it`,
  };
}
