import { MODEL_OFFLINE } from '../../../core/without-internet.ts';
import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown } from '../../../core/verdict.ts';
import { at, describeReply, isHtml, jsonOf, replyOf, type Exchange } from '../exchange.ts';
import { listedModels, type ProbeResults } from '../probe-results.ts';
import { outOfTime } from './answers.ts';

/** Are the models listed under the names that clients use? */
export const MODEL_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'models.listed',
    title: 'the models are listed under their aliases',
    severity: 'error',
    after: ['http.reachable', 'auth.key-accepted'],
    judge: ({ models, target }) => {
      if (models?.outcome.answered === false) return unknown(models.outcome.trouble.seen, models.outcome.trouble.fix);
      const reply = replyOf(models);
      if (reply === undefined) return unknown('the models were not asked for');
      const wanted = 'a list of models from /v1/models';
      if (isHtml(reply))
        return failed(wanted, describeReply(reply), 'the same command with the address of the API (an SDK’s base URL)');
      const body = jsonOf(reply);
      if (reply.status !== 200 || at(body, 'object') !== 'list' || !Array.isArray(at(body, 'data')))
        return failed(wanted, describeReply(reply), `curl -i ${models?.asked.url ?? target.url}`);
      const listed = listedModels(models);
      const absent = (target.models ?? []).filter((name) => !listed.includes(name));
      if (absent.length > 0)
        return failed(
          (target.models ?? []).join(', '),
          `${listed.length === 0 ? 'no models' : listed.join(', ')}; ${absent.join(', ')} missing`,
          'hxllm enforce',
        );
      return listed.length === 0
        ? failed('at least one model', 'an empty list', `ollama pull MODEL  # on a backend; ${MODEL_OFFLINE}`)
        : pass(summarise(listed), { value: listed.length, unit: 'models' });
    },
  },
  {
    id: 'models.as-configured',
    title: 'no other models are listed',
    severity: 'warning',
    after: ['models.listed'],
    judge: ({ extras, models, target }) => {
      if (target.models === undefined) return notApplicable('the models of this server are not configured here');
      const names = [...extras.keys()];
      const count = { value: names.length, unit: 'models', limit: 0 };
      return names.length === 0
        ? pass(`${String(listedModels(models).length)} models, all of litellm_models`, count)
        : failed(
            [...target.models, ...(target.patterns ?? [])].join(', '),
            `${names.join(', ')} as well`,
            'hxllm enforce',
            count,
          );
    },
  },
  {
    id: 'models.only-answering',
    title: 'nothing is listed that does not answer',
    severity: 'error',
    after: ['models.listed'],
    judge: ({ extras, target }) => {
      if (target.models === undefined)
        return notApplicable('of a server that hxllm did not install only one model is asked');
      const silent = [...extras].filter(([, exchange]) => exchange !== undefined && replyOf(exchange)?.status !== 200);
      if (silent.length > 0)
        return failed(
          'an answer from every model in the list',
          silent.map(([name, exchange]) => `${name}: ${describeOutcome(exchange)}`).join('; '),
          'hxllm enforce',
        );
      const missed = [...extras].filter(([, exchange]) => exchange === undefined).map(([name]) => name);
      return missed.length > 0
        ? outOfTime(missed, target)
        : pass(`${String(extras.size)} models beside those of models.answered`, { value: extras.size, unit: 'models' });
    },
  },
];

function describeOutcome(exchange: Exchange | undefined): string {
  const reply = replyOf(exchange);
  if (reply !== undefined) return describeReply(reply);
  return exchange?.outcome.answered === false ? exchange.outcome.trouble.seen : 'not asked';
}

function summarise(names: readonly string[]): string {
  return names.length <= 6 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${String(names.length - 5)} more`;
}
