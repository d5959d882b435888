import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { at, describeReply, jsonOf, type Exchange, type Reply } from '../exchange.ts';
import type { ProbeResults } from '../probes.ts';
import { isOurs } from '../target.ts';

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
    judge: ({ embeddings, target }) => {
      if (target.embeddings.length === 0) return notApplicable('no embedding model is defined');
      if (embeddings.length === 0) return unknown('the embedding models were not asked');
      const verdicts = embeddings.map((exchange) =>
        judgeOk(
          exchange,
          faultOfVectors,
          (reply) => `${String(at(exchange.asked.body, 'model'))}: ${String(vectorsOf(reply)[0]?.length)} numbers`,
        ),
      );
      return verdicts.find(({ outcome }) => outcome !== 'pass') ?? pass(verdicts.map(({ seen }) => seen).join('; '));
    },
  },
];

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
  const fault = faultOf(reply);
  return fault === undefined
    ? pass(say(reply))
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
