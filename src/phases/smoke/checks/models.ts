import { MODEL_OFFLINE } from '../../../core/without-internet.ts';
import type { Check } from '../../../core/check.ts';
import { failed, pass, unknown } from '../../../core/verdict.ts';
import { at, describeReply, isHtml, jsonOf, replyOf } from '../exchange.ts';
import { listedModels, type ProbeResults } from '../probes.ts';

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
        : pass(summarise(listed));
    },
  },
];

function summarise(names: readonly string[]): string {
  return names.length <= 6 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${String(names.length - 5)} more`;
}
