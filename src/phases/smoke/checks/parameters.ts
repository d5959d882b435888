import { parseJson } from '../../../core/json.ts';
import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { takesAnyName, type AliasParameters } from '../chat-probes.ts';
import { at, describeReply, jsonOf, type Exchange, type Reply } from '../exchange.ts';
import type { ProbeResults } from '../probe-results.ts';
import { FEW_TOKENS, NO_SUCH_MODEL, STOP } from '../questions.ts';
import { isOurs } from '../target.ts';
import { outOfTime } from './answers.ts';

const RECORDED = 'see the recorded answer in report.json';

/** Are the parameters honoured that clients rely on? */
export const PARAMETER_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'chat.max-tokens',
    title: 'max_tokens limits an answer',
    severity: 'error',
    after: ['chat.answers'],
    judge: (seen) =>
      judgeAsked(seen, seen.parameters.short, 'max_tokens', (reply) => {
        const body = jsonOf(reply);
        const [tokens, reason] = [at(body, 'usage', 'completion_tokens'), at(body, 'choices', 0, 'finish_reason')];
        const wanted = `at most ${String(FEW_TOKENS)} tokens and finish_reason "length"`;
        const found = `${typeof tokens === 'number' ? String(tokens) : 'no count of'} tokens and finish_reason ${JSON.stringify(reason)}`;
        const isShort = typeof tokens === 'number' ? tokens <= FEW_TOKENS : !isOurs(seen.target);
        const number = { value: typeof tokens === 'number' ? tokens : 0, unit: 'tokens', limit: FEW_TOKENS };
        if (isShort && reason === 'length') return pass(found, number);
        // An answer that ended by itself before the limit shows nothing about the limit.
        if (reason === 'stop' && typeof tokens === 'number' && tokens < FEW_TOKENS)
          return notApplicable(`the model ended its answer before the limit: ${found}`);
        return failed(wanted, found, RECORDED, number);
      }),
  },
  {
    id: 'chat.stop',
    title: 'a stop sequence ends an answer',
    severity: 'error',
    after: ['chat.answers'],
    judge: (seen) =>
      judgeAliases(seen, 'stopped', 'stop', (reply) => {
        const content = textOf(reply);
        if (content === '') return notApplicable('the model spent its tokens on reasoning, before the text');
        return content.includes(STOP)
          ? failed(`a text that ends before “${STOP}”`, `“${shorten(content)}”`, RECORDED)
          : pass(`“${shorten(content)}”`, { value: content.length, unit: 'characters' });
      }),
  },
  {
    id: 'chat.json-mode',
    title: 'JSON mode gives JSON',
    severity: 'error',
    after: ['chat.answers'],
    judge: (seen) =>
      judgeAliases(seen, 'json', 'response_format', (reply) => {
        const content = textOf(reply);
        const value = parseJson(content);
        if (typeof value === 'object' && value !== null)
          return pass(shorten(content), { value: content.length, unit: 'characters' });
        const isCut = at(jsonOf(reply), 'choices', 0, 'finish_reason') === 'length';
        if (isCut && (content === '' || /^\s*[[{]/.test(content)))
          return notApplicable(`the answer was cut at max_tokens, before its JSON was whole: “${shorten(content)}”`);
        return failed('a JSON object', `“${shorten(content)}”`, RECORDED);
      }),
  },
  {
    id: 'chat.unknown-model',
    title: 'an unknown model is 404',
    severity: 'error',
    after: ['models.listed'],
    judge: (seen) => {
      const { parameters, target } = seen;
      if (takesAnyName(target)) return notApplicable('an alias with * stands for any name');
      if (parameters.unknown === undefined) return notAsked(seen, 'an unknown model');
      if (!parameters.unknown.outcome.answered)
        return unknown(parameters.unknown.outcome.trouble.seen, parameters.unknown.outcome.trouble.fix);
      const { reply } = parameters.unknown.outcome;
      const number = { value: reply.status, unit: 'status' };
      const code = at(jsonOf(reply), 'error', 'code');
      const wanted = isOurs(target) ? '404 with the code model_not_found' : '404, or 400 as LiteLLM answers';
      const isRefused = isOurs(target)
        ? reply.status === 404 && code === 'model_not_found'
        : reply.status === 404 || reply.status === 400;
      return isRefused
        ? pass(`${NO_SUCH_MODEL}: ${String(reply.status)}`, number)
        : failed(
            wanted,
            `${describeReply(reply)}${reply.status === 404 ? ` (code ${JSON.stringify(code)})` : ''}`,
            RECORDED,
            number,
          );
    },
  },
];

/** Judges the answer of every chat alias: all faults are named, and an alias that was not asked is no pass. */
function judgeAliases(
  seen: ProbeResults,
  name: keyof AliasParameters,
  parameter: string,
  judge: (reply: Reply) => Verdict,
): Verdict {
  const { aliases, aliasParameters, target } = seen;
  const asked = [...aliasParameters].flatMap(([alias, answers]) => {
    const exchange = answers[name];
    return exchange === undefined ? [] : [{ alias, verdict: judgeAsked(seen, exchange, parameter, judge) }];
  });
  const named = (outcome: Verdict['outcome']): readonly { alias: string; verdict: Verdict }[] =>
    asked.filter(({ verdict }) => verdict.outcome === outcome);
  const words = (rows: readonly { alias: string; verdict: Verdict }[]): string =>
    rows.map(({ alias, verdict }) => `${alias}: ${verdict.seen}`).join('; ');
  const [broken] = named('fail');
  const number = { value: named('pass').length, unit: 'aliases', limit: asked.length };
  if (broken !== undefined)
    return failed(broken.verdict.wanted ?? parameter, words(named('fail')), broken.verdict.fix ?? RECORDED, number);
  const [open] = named('unknown');
  if (open !== undefined) return open.verdict;
  // Embeddings have neither, and an alias that failed before is a fault of its own.
  const late = [...aliases]
    .filter(([alias, exchange]) => exchange === undefined && !target.embeddings.includes(alias))
    .map(([alias]) => alias);
  const missed = [
    ...late,
    ...[...aliasParameters].filter(([, answers]) => answers[name] === undefined).map(([one]) => one),
  ];
  if (missed.length > 0)
    return outOfTime(
      missed.map((alias) => `${parameter} of ${alias}`),
      target,
    );
  if (asked.length === 0) return notAsked(seen, parameter);
  return named('pass').length > 0 ? pass(words(asked), number) : notApplicable(words(asked));
}

function judgeAsked(
  seen: ProbeResults,
  exchange: Exchange | undefined,
  parameter: string,
  judge: (reply: Reply) => Verdict,
): Verdict {
  if (exchange === undefined) return notAsked(seen, parameter);
  const { outcome } = exchange;
  if (!outcome.answered)
    return outcome.trouble.kind === 'aborted'
      ? unknown(outcome.trouble.seen, outcome.trouble.fix)
      : failed(`an answer to ${parameter}`, outcome.trouble.seen, outcome.trouble.fix);
  const { reply } = outcome;
  if (reply.status === 200) return judge(reply);
  const isRefused = reply.status >= 400 && reply.status < 500;
  return isRefused && !isOurs(seen.target)
    ? notApplicable(`this server refuses ${parameter}: ${describeReply(reply)}`)
    : failed(`200 with ${parameter}`, describeReply(reply), RECORDED);
}

function notAsked({ model, target }: ProbeResults, subject: string): Verdict {
  if (model === undefined)
    return target.models === undefined
      ? unknown('there is no model to ask')
      : notApplicable('no chat model is defined');
  return outOfTime([subject], target);
}

function textOf(reply: Reply): string {
  const content = at(jsonOf(reply), 'choices', 0, 'message', 'content');
  return typeof content === 'string' ? content : '';
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
