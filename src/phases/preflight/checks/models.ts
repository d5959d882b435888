import type { Backend, Model } from '../../../config/config.ts';
import { listInWords } from '../../../core/pluralize.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { isSameModel, modelFamily } from '../../../core/model-name.ts';
import type { HostFacts, PreflightCheck, PreflightSubject, QuestionName } from '../subject.ts';
import { bringModel, folderOfBlob, type ModelSource } from './model-copy.ts';
import { agreementChecks, listing } from './models-agree.ts';

/** Every alias needs its model on one backend, and should have the same on all its backends. */
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
      `${listInWords(missing)} ${missing.length === 1 ? 'is' : 'are'} not defined yet: run hxllm inventory`,
    );
    return [
      {
        id: 'models.present',
        title: 'every model is on a backend',
        severity: 'error',
        ...PRESENT,
        asks: [],
        judge: () => why,
      },
    ];
  }
  const all = backends.map(({ url }) => url);
  return models.flatMap((model) => checksOf(model, model.backends ?? all, all));
}

const PRESENT = {
  why: 'Asks every backend, from the host, for its models, and looks for exactly the configured name. Without it every request for the alias fails.',
  remedy: 'Pull the model on a backend, copy it from a server that has it, or correct the name in litellm_models.',
};

function checksOf(model: Model, urls: readonly string[], all: readonly string[]): readonly PreflightCheck[] {
  const present = `models.present[${model.name}]`;
  // A server that does not serve the alias may still have the model to copy.
  const asks = all.flatMap((url): readonly QuestionName[] => [`models ${url}`, `details ${url}`]);
  const alongside = urls.map((url) => `ollama.answers[${url}]`);
  return [
    {
      id: present,
      title: `${model.name} is on a backend`,
      severity: 'error',
      ...PRESENT,
      asks,
      alongside,
      after: ['system.bash'],
      judge: (subject) => judge(subject, (facts) => judgePresent(model, urls, all, facts)),
    },
    {
      id: `models.everywhere[${model.name}]`,
      title: `${model.name} is on all its backends`,
      severity: 'note',
      why: 'Compares the backends of an alias. A backend without the model serves none of its requests, so the alias has fewer slots than planned.',
      remedy: 'Pull the model on the backends that lack it, or name the others under backends: of the model.',
      asks,
      alongside,
      after: [present],
      judge: (subject) => judge(subject, (facts) => judgeEverywhere(model, urls, facts)),
    },
    ...agreementChecks(model, urls, present),
  ];
}

function judge({ seen }: PreflightSubject, withFacts: (facts: HostFacts) => Verdict): Verdict {
  return seen.reached ? withFacts(seen.facts) : unknown(seen.problem.summary);
}

function judgePresent(model: Model, urls: readonly string[], all: readonly string[], facts: HostFacts): Verdict {
  const { having, lacking, silent } = search(model, urls, facts);
  if (having.length > 0) return pass(`${model.model} on ${having.join(', ')}`);
  // A silent backend fails its own check, and this check cannot know its models.
  if (silent.length > 0)
    return {
      outcome: 'skip',
      seen: `not judged because ${silent.join(', ')} did not answer${lacking.length === 0 ? '' : ` and ${lacking.join(', ')} does not have ${model.model}`}`,
    };
  const [elsewhere] = search(model, all, facts).having;
  return failed(
    `${model.model} on one of ${urls.join(', ')}`,
    [
      'none of them has it',
      ...urls.flatMap((url) => similar(model.model, url, facts)),
      ...(elsewhere === undefined ? [] : [`${elsewhere}, which does not serve ${model.name}, has it`]),
    ].join('; '),
    bringModel(model.model, urls[0] ?? '', elsewhere === undefined ? undefined : sourceOf(model, elsewhere, facts)),
  );
}

/** The models of the same family at a backend, with which the configured name may have been confused. */
function similar(name: string, url: string, facts: HostFacts): readonly string[] {
  const near = (listing(url, facts) ?? []).filter((other) => modelFamily(other.name) === modelFamily(name));
  return near.length === 0
    ? []
    : [
        `${url} has ${near
          .slice(0, 4)
          .map((other) => other.name)
          .join(', ')}${near.length > 4 ? ` and ${String(near.length - 4)} more of them` : ''}`,
      ];
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
    [`missing on ${lacking.join(', ')}`, ...lacking.flatMap((url) => similar(model.model, url, facts))].join('; '),
    bringModel(model.model, first, having[0] === undefined ? undefined : sourceOf(model, having[0], facts)),
  );
}

function sourceOf({ model }: Model, url: string, facts: HostFacts): ModelSource {
  const details = facts[`details ${url}`];
  const shown = details?.known === true ? details.value?.shown.find(({ name }) => isSameModel(name, model)) : undefined;
  return { url, folder: folderOfBlob(shown?.weights) };
}

interface Found {
  readonly having: readonly string[];
  readonly lacking: readonly string[];
  readonly silent: readonly string[];
}

function search(model: Model, urls: readonly string[], facts: HostFacts): Found {
  const where = (url: string): keyof Found => {
    const models = listing(url, facts);
    if (models === undefined) return 'silent';
    return models.some(({ name }) => isSameModel(name, model.model)) ? 'having' : 'lacking';
  };
  const by = (state: keyof Found): readonly string[] => urls.filter((url) => where(url) === state);
  return { having: by('having'), lacking: by('lacking'), silent: by('silent') };
}
