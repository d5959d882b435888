import { parseJson } from '../../../core/json.ts';
import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { hasNoPath, type AbilityAnswers } from '../abilities.ts';
import { TOOL } from '../ability-questions.ts';
import { at, describeReply, jsonOf, type Exchange, type Reply } from '../exchange.ts';
import type { AliasFacts } from '../model-facts.ts';
import type { ProbeResults } from '../probe-results.ts';
import { isOurs } from '../target.ts';
import { outOfTime } from './answers.ts';

const RECORDED = 'see the recorded answer in report.json';
/** The longest context that short prompts leave room in, tokens. */
const ROOM = 8192;

/** Can each alias what it says that it can, in each dialect, and has it room for prompts of today's clients? */
export const ABILITY_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'abilities.tools',
    title: 'models that can call tools do so',
    severity: 'warning',
    after: ['models.listed'],
    judge: (seen) => judgeAbility(seen, 'tools', faultOfCall),
  },
  {
    id: 'abilities.vision',
    title: 'models that see images answer about one',
    severity: 'warning',
    after: ['models.listed'],
    judge: (seen) =>
      judgeAbility(seen, 'vision', (reply) => {
        const content = at(jsonOf(reply), 'choices', 0, 'message', 'content');
        return typeof content === 'string' && content !== '' ? undefined : 'the answer has no text';
      }),
  },
  {
    id: 'dialects.anthropic',
    title: 'Anthropic’s clients are answered',
    severity: 'error',
    after: ['chat.answers'],
    judge: (seen) =>
      judgeDialect(seen, seen.dialects.anthropic, 'Anthropic’s /v1/messages', (body) => {
        if (at(body, 'type') !== 'message') return `its type is ${JSON.stringify(at(body, 'type'))}`;
        if (!Array.isArray(at(body, 'content'))) return 'it has no content';
        const output = at(body, 'usage', 'output_tokens');
        return typeof output === 'number' && output > 0 ? undefined : 'its usage has no output_tokens';
      }),
  },
  {
    id: 'dialects.ollama',
    title: 'Ollama’s clients are answered',
    severity: 'error',
    after: ['chat.answers'],
    judge: (seen) =>
      judgeDialect(seen, seen.dialects.ollama, 'Ollama’s /api/chat', (body) => {
        if (at(body, 'done') !== true) return `its done is ${JSON.stringify(at(body, 'done'))}`;
        if (typeof at(body, 'message', 'content') !== 'string') return 'it has no message';
        const count = at(body, 'eval_count');
        return typeof count === 'number' && count > 0 ? undefined : 'it has no eval_count';
      }),
  },
  {
    id: 'prompts.room',
    title: 'every chat model has room for the prompts of today’s clients',
    severity: 'warning',
    after: ['models.listed'],
    judge: ({ facts, lostFacts, target }) =>
      lostFacts === undefined ? judgeRoom(facts, isOurs(target)) : unknown(`/model/info: ${lostFacts}`),
  },
];

function judgeAbility(
  { abilities, aliases, facts, lostFacts, target }: ProbeResults,
  ability: keyof AbilityAnswers,
  faultOf: (reply: Reply) => string | undefined,
): Verdict {
  if (lostFacts !== undefined) return unknown(`/model/info: ${lostFacts}`);
  // Of a server that hxllm did not install only one model is asked.
  const isMeant = (name: string): boolean => target.models?.includes(name) ?? aliases.has(name);
  const able = [...facts].filter(([name, fact]) => fact[ability] === true && isMeant(name));
  if (able.length === 0) {
    const subject = target.models === undefined ? `${[...aliases.keys()].join(', ')} has no` : 'no model has';
    return notApplicable(facts.size === 0 ? 'this server does not say what its models can' : `${subject} ${ability}`);
  }
  const asked = able.flatMap(([name]) => {
    const exchange = abilities.get(name)?.[ability];
    return exchange === undefined ? [] : [{ name, fault: faultOfAnswer(exchange, faultOf) }];
  });
  const broken = asked.filter(({ fault }) => fault !== undefined);
  const number = { value: asked.length - broken.length, unit: 'models', limit: able.length };
  if (broken.length > 0)
    return failed(
      `an answer with ${ability} from each of ${able.map(([name]) => name).join(', ')}`,
      broken.map(({ name, fault }) => `${name}: ${fault ?? ''}`).join('; '),
      RECORDED,
      number,
    );
  const rest = able.map(([name]) => name).filter((name) => !asked.some((one) => one.name === name));
  // An alias that was asked and did not answer is a fault of its own.
  const missed = rest.filter((name) => aliases.get(name) === undefined || abilities.has(name));
  if (missed.length > 0)
    return outOfTime(
      missed.map((name) => `${ability} of ${name}`),
      target,
    );
  return asked.length === 0
    ? unknown(`not asked: ${rest.join(', ')} gave no answer before`)
    : pass(asked.map(({ name }) => name).join(', '), number);
}

function faultOfAnswer({ outcome }: Exchange, faultOf: (reply: Reply) => string | undefined): string | undefined {
  if (!outcome.answered) return outcome.trouble.seen;
  return outcome.reply.status === 200 ? faultOf(outcome.reply) : describeReply(outcome.reply);
}

function faultOfCall(reply: Reply): string | undefined {
  const call = at(jsonOf(reply), 'choices', 0, 'message', 'tool_calls', 0, 'function');
  if (call === undefined) return 'it answered in words instead of calling the tool';
  if (at(call, 'name') !== TOOL) return `it called ${JSON.stringify(at(call, 'name'))}, not ${TOOL}`;
  const text = at(call, 'arguments');
  const value = typeof text === 'string' ? parseJson(text) : undefined;
  return typeof value === 'object' && value !== null ? undefined : 'the arguments of its call are no JSON object';
}

function judgeDialect(
  { model, target }: ProbeResults,
  exchange: Exchange | undefined,
  subject: string,
  faultOf: (body: unknown) => string | undefined,
): Verdict {
  if (exchange === undefined)
    return model === undefined ? notApplicable('no chat model is defined') : outOfTime([subject], target);
  if (!isOurs(target) && hasNoPath(exchange)) return notApplicable(`this server does not speak ${subject}`);
  const { outcome } = exchange;
  if (!outcome.answered)
    return outcome.trouble.kind === 'aborted'
      ? unknown(outcome.trouble.seen, outcome.trouble.fix)
      : failed(`an answer of ${subject}`, outcome.trouble.seen, outcome.trouble.fix);
  const { reply } = outcome;
  const fault = reply.status === 200 ? faultOf(jsonOf(reply)) : describeReply(reply);
  return fault === undefined
    ? pass(`${subject} answered in ${String(reply.totalMs)} ms`, { value: reply.totalMs, unit: 'ms' })
    : failed(`an answer of ${subject}`, fault, RECORDED);
}

function judgeRoom(facts: ReadonlyMap<string, AliasFacts>, ours: boolean): Verdict {
  const rows = [...facts]
    .filter(([, { isEmbedding }]) => !isEmbedding)
    .flatMap(([name, { stated, trained }]) => {
      const most = trained ?? Number.POSITIVE_INFINITY;
      const room = Math.min(stated ?? Number.POSITIVE_INFINITY, most);
      return Number.isFinite(room) ? [{ name, room, most, isStated: stated === room && most >= ROOM }] : [];
    })
    .toSorted((a, b) => a.room - b.room);
  const [least] = rows;
  if (least === undefined) return notApplicable('this server states no context of its models');
  const number = { value: least.room, unit: 'tokens', limit: ROOM };
  const small = rows.filter(({ room }) => room < ROOM);
  if (small.length === 0) return pass(rows.map(({ name, room }) => `${name} ${String(room)}`).join(', '), number);
  const stated = small.filter(({ isStated }) => isStated);
  const tokens = String(Math.min(ROOM * 2, ...stated.map(({ most }) => most)));
  const setting = ours
    ? `num_ctx: ${tokens}  # of ${stated.map(({ name }) => name).join(', ')} in litellm_models, then: hxllm enforce`
    : `num_ctx of ${tokens} in the server’s own configuration`;
  return failed(
    `${String(ROOM)} tokens or more: Open WebUI’s tools and coding agents fill less with their instructions alone`,
    small
      .map(
        ({ name, room, isStated }) =>
          `${name}: ${isStated ? 'num_ctx is' : 'its model was trained for'} ${String(room)}`,
      )
      .join('; '),
    stated.length > 0 ? setting : 'hxllm inventory --scan  # shows models with a longer context',
    number,
  );
}
