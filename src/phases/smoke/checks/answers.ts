import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { at, describeReply, jsonOf, type Exchange, type Reply } from '../exchange.ts';
import { listedModels, type ProbeResults } from '../probe-results.ts';
import { BUDGET_MS, isOurs, type SmokeTarget } from '../target.ts';

const FINISHES: ReadonlySet<unknown> = new Set(['stop', 'length', 'tool_calls', 'content_filter']);
const RECORDED = 'see the recorded answer in report.json';

/** Does a model give a complete answer, and do the embedding models? */
export const ANSWER_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'chat.answers',
    title: 'a chat completion is answered',
    severity: 'error',
    after: ['models.listed'],
    judge: ({ chat, model, target }) => {
      if (chat === undefined && model !== undefined) return outOfTime([model], target);
      if (chat === undefined)
        return target.models === undefined
          ? unknown('there is no model to ask')
          : notApplicable('no chat model is defined');
      return judgeOk(
        chat,
        (reply) => faultOfChat(reply, model, isOurs(target)),
        (reply) =>
          `${model ?? 'it'} answered ${quoteText(at(jsonOf(reply), 'choices', 0, 'message', 'content'))} in ${String(reply.totalMs)} ms`,
      );
    },
  },
  {
    id: 'embeddings.answered',
    title: 'embedding models are answered',
    severity: 'error',
    after: ['models.listed'],
    judge: ({ aliases, target }) => {
      if (target.embeddings.length === 0) return notApplicable('no embedding model is defined');
      const verdicts = target.embeddings.map((alias) => judgeAlias(alias, aliases.get(alias), target));
      const number = { value: verdicts.length, unit: 'aliases', limit: verdicts.length };
      return (
        verdicts.find(({ outcome }) => outcome !== 'pass') ?? pass(verdicts.map(({ seen }) => seen).join('; '), number)
      );
    },
  },
  {
    id: 'models.answered',
    title: 'every alias is answered',
    severity: 'error',
    after: ['models.listed'],
    judge: ({ aliases, model, models, target }) => {
      if (target.models === undefined) {
        const rest = listedModels(models).length - 1;
        return notApplicable(
          `of a server that hxllm did not install only ${model ?? 'one model'} is asked${rest > 0 ? `; ${String(rest)} more are listed` : ''}`,
        );
      }
      if (target.models.length === 0) return notApplicable('all aliases are patterns, and each stands for many models');
      const verdicts = target.models.map((alias) => [alias, judgeAlias(alias, aliases.get(alias), target)] as const);
      const broken = verdicts.filter(([, { outcome }]) => outcome === 'fail');
      const [first] = broken;
      if (first !== undefined)
        return failed(
          `an answer from each of ${target.models.join(', ')}`,
          broken.map(([alias, { seen }]) => `${alias}: ${seen}`).join('; '),
          first[1].fix ?? RECORDED,
        );
      const missed = target.models.filter((alias) => aliases.get(alias) === undefined);
      if (missed.length > 0) return outOfTime(missed, target);
      const open = verdicts.find(([, { outcome }]) => outcome !== 'pass');
      const count = target.models.length;
      return open?.[1] ?? pass(target.models.join(', '), { value: count, unit: 'aliases', limit: count });
    },
  },
];

/** Aliases or servers that the time did not suffice for: no failure, and never a pass. */
export function outOfTime(missed: readonly string[], { budgetMs }: SmokeTarget): Verdict {
  const seconds = Math.max(1, Math.ceil((budgetMs ?? BUDGET_MS) / 1000));
  return unknown(
    `not asked within ${String(seconds)} s: ${missed.join(', ')}`,
    `hxllm smoke --budget ${String(seconds * 3)}`,
  );
}

function judgeAlias(alias: string, exchange: Exchange | undefined, target: SmokeTarget): Verdict {
  return target.embeddings.includes(alias)
    ? judgeOk(exchange, faultOfVectors, (reply) => `${alias}: ${String(vectorsOf(reply)[0]?.length)} numbers`)
    : judgeOk(
        exchange,
        (reply) => faultOfChat(reply, alias, isOurs(target)),
        () => alias,
      );
}

/** Judges an exchange whose answer should be 200 without a fault. */
function judgeOk(
  exchange: Exchange | undefined,
  faultOf: (reply: Reply) => string | undefined,
  say: (reply: Reply) => string,
): Verdict {
  if (exchange === undefined) return unknown('it was not asked');
  const model = String(at(exchange.asked.body, 'model'));
  if (!exchange.outcome.answered) {
    const { kind, seen, fix } = exchange.outcome.trouble;
    return kind === 'aborted' ? unknown(seen, fix) : failed(`an answer from ${model}`, seen, fix);
  }
  const { reply } = exchange.outcome;
  if (reply.status !== 200)
    return failed(
      `200 for ${model}`,
      describeReply(reply),
      reply.status >= 500 ? 'hxllm preflight  # asks the backends' : RECORDED,
    );
  const fault = faultOf(reply) ?? faultOfLength(reply, at(exchange.asked.body, 'max_tokens'));
  return fault === undefined
    ? pass(say(reply), { value: reply.totalMs, unit: 'ms' })
    : failed(`an answer for ${model} as OpenAI’s API sends it`, fault, RECORDED);
}

function faultOfChat(reply: Reply, model: string | undefined, ours: boolean): string | undefined {
  const body = jsonOf(reply);
  if (at(body, 'object') !== 'chat.completion')
    return `its object is ${JSON.stringify(at(body, 'object'))}, not "chat.completion"`;
  if (ours && at(body, 'model') !== model)
    return `its model is ${JSON.stringify(at(body, 'model'))}, not the alias ${String(model)}`;
  const choice = at(body, 'choices', 0);
  if (at(choice, 'message', 'role') !== 'assistant')
    return `the message’s role is ${JSON.stringify(at(choice, 'message', 'role'))}`;
  const content = at(choice, 'message', 'content');
  const reasoning = at(choice, 'message', 'reasoning_content') ?? at(choice, 'message', 'reasoning');
  if (!isText(content) && !isText(reasoning)) return `the message is empty: ${JSON.stringify(at(choice, 'message'))}`;
  if (!FINISHES.has(at(choice, 'finish_reason')))
    return `its finish_reason is ${JSON.stringify(at(choice, 'finish_reason'))}`;
  return faultOfUsage(at(body, 'usage'), ours);
}

/** The fault of a usage object. Servers other than hxllm's may leave the object out. */
export function faultOfUsage(usage: unknown, wanted: boolean): string | undefined {
  if (usage === undefined || usage === null) return wanted ? 'it has no usage' : undefined;
  const [prompt, completion, total] = ['prompt_tokens', 'completion_tokens', 'total_tokens'].map((name) =>
    at(usage, name),
  );
  const hasCounts =
    typeof prompt === 'number' &&
    typeof completion === 'number' &&
    typeof total === 'number' &&
    prompt > 0 &&
    completion > 0;
  return hasCounts && (!wanted || prompt + completion === total)
    ? undefined
    : `its usage does not add up: ${JSON.stringify(usage)}`;
}

function faultOfLength(reply: Reply, limit: unknown): string | undefined {
  const tokens = at(jsonOf(reply), 'usage', 'completion_tokens');
  return typeof tokens === 'number' && typeof limit === 'number' && tokens > limit
    ? `it has ${String(tokens)} tokens, more than max_tokens ${String(limit)}`
    : undefined;
}

function faultOfVectors(reply: Reply): string | undefined {
  const vectors = vectorsOf(reply);
  const [first, second] = vectors;
  if (vectors.length !== 2 || first === undefined || second === undefined)
    return `${String(vectors.length)} vectors for 2 texts`;
  if (first.length === 0 || first.length !== second.length)
    return `vectors of ${String(first.length)} and ${String(second.length)} numbers`;
  return vectors.flat().every((value) => typeof value === 'number') ? undefined : 'vectors that are not all numbers';
}

function vectorsOf(reply: Reply): readonly (readonly unknown[])[] {
  const data = at(jsonOf(reply), 'data');
  return Array.isArray(data)
    ? data.map((entry: unknown) => at(entry, 'embedding')).filter((vector) => Array.isArray(vector))
    : [];
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function quoteText(value: unknown): string {
  const text = typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').trim() : '';
  return `“${text.length > 40 ? `${text.slice(0, 39)}…` : text}”`;
}
