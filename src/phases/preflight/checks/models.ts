import { MODEL_OFFLINE } from '../../../core/without-internet.ts';
import type { Backend, Model } from '../../../config/config.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { isSameModel } from '../../../core/model-name.ts';
import type { HostFacts, PreflightCheck, PreflightSubject, QuestionName } from '../subject.ts';

/** Every alias needs its model on one backend, and should have it on all its backends. */
export function modelChecks(
  models: readonly Model[] | undefined,
  backends: readonly Backend[] | undefined,
): readonly PreflightCheck[] {
  const missing = [
    ...(models === undefined ? ['litellm_models'] : []),
    ...(backends === undefined ? ['litellm_backends'] : []),
  ];
  if (models === undefined || backends === undefined) {
    const why = notApplicable(
      `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not defined yet: run hxllm inventory`,
    );
    return [
      { id: 'models.present', title: 'every model is on a backend', severity: 'error', asks: [], judge: () => why },
    ];
  }
  const all = backends.map(({ url }) => url);
  return models.flatMap((model) => checksOf(model, model.backends ?? all));
}

function checksOf(model: Model, urls: readonly string[]): readonly PreflightCheck[] {
  const present = `models.present[${model.name}]`;
  const asks = urls.map((url): QuestionName => `models ${url}`);
  const alongside = urls.map((url) => `ollama.answers[${url}]`);
  return [
    {
      id: present,
      asks,
      alongside,
      title: `${model.name} is on a backend`,
      severity: 'error',
      after: ['system.bash'],
      judge: (subject) => judge(subject, (facts) => judgePresent(model, urls, facts)),
    },
    {
      id: `models.everywhere[${model.name}]`,
      asks,
      alongside,
      title: `${model.name} is on all its backends`,
      severity: 'note',
      after: [present],
      judge: (subject) => judge(subject, (facts) => judgeEverywhere(model, urls, facts)),
    },
  ];
}

function judge({ seen }: PreflightSubject, withFacts: (facts: HostFacts) => Verdict): Verdict {
  return seen.reached ? withFacts(seen.facts) : unknown(seen.problem.summary);
}

function judgePresent(model: Model, urls: readonly string[], facts: HostFacts): Verdict {
  const { having, lacking, silent } = search(model, urls, facts);
  if (having.length > 0) return pass(`${model.model} on ${having.join(', ')}`);
  // A silent backend fails its own check, and this check cannot know its models.
  if (silent.length > 0)
    return {
      outcome: 'skip',
      seen: `not judged because ${silent.join(', ')} did not answer${lacking.length === 0 ? '' : ` and ${lacking.join(', ')} does not have ${model.model}`}`,
    };
  return failed(
    `${model.model} on one of ${urls.join(', ')}`,
    'none of them has it',
    `OLLAMA_HOST=${urls[0] ?? ''} ollama pull ${model.model}  # ${MODEL_OFFLINE}`,
  );
}

function judgeEverywhere(model: Model, urls: readonly string[], facts: HostFacts): Verdict {
  const { having, lacking, silent } = search(model, urls, facts);
  const [first] = lacking;
  if (first === undefined)
    return silent.length === 0
      ? pass(`on all ${String(having.length)}`)
      : { outcome: 'skip', seen: `not judged because ${silent.join(', ')} did not answer` };
  return failed(
    `${model.model} on every backend that is to serve it`,
    `missing on ${lacking.join(', ')}`,
    `OLLAMA_HOST=${first} ollama pull ${model.model}  # ${MODEL_OFFLINE}`,
  );
}

interface Found {
  readonly having: readonly string[];
  readonly lacking: readonly string[];
  readonly silent: readonly string[];
}

function search(model: Model, urls: readonly string[], facts: HostFacts): Found {
  const where = (url: string): keyof Found => {
    const fact = facts[`models ${url}`];
    if (fact?.known !== true || !fact.value.answered) return 'silent';
    return fact.value.value.some((name) => isSameModel(name, model.model)) ? 'having' : 'lacking';
  };
  const by = (state: keyof Found): readonly string[] => urls.filter((url) => where(url) === state);
  return { having: by('having'), lacking: by('lacking'), silent: by('silent') };
}
