import type { Model } from '../../../config/config.ts';
import { isSameModel } from '../../../core/model-name.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import type { ListedModel } from '../../../facts/ollama.ts';
import type { BackendDetails, ShownModel } from '../../../facts/ollama-details.ts';
import type { HostFacts, PreflightCheck, QuestionName } from '../subject.ts';
import { bringModel } from './model-copy.ts';

/** The model of an alias on one backend. */
interface Copy {
  readonly url: string;
  readonly digest: string;
  readonly modifiedAt: string;
  readonly shown: ShownModel | undefined;
  /** The context that it is loaded with; `undefined` if it is not in memory. */
  readonly loadedContext: number | undefined;
}

/** The same name on two backends should mean the same model with the same context. Rolling pulls differ for a while, so both are warnings. */
export function agreementChecks(model: Model, urls: readonly string[], present: string): readonly PreflightCheck[] {
  const asks = urls.flatMap((url): readonly QuestionName[] => [`models ${url}`, `details ${url}`]);
  return [
    {
      id: `models.same-weights[${model.name}]`,
      title: `${model.name} is the same model on all its backends`,
      severity: 'warning',
      why: 'Compares the digests of the model on its backends. The same name can mean other weights, so that answers depend on the server; a pull that rolls through the fleet looks the same for a while.',
      remedy: 'Pull the model again on the backends with the older one.',
      asks,
      after: [present],
      judge: ({ seen }) =>
        seen.reached ? judgeWeights(model, copiesOf(model, urls, seen.facts)) : unknown(seen.problem.summary),
    },
    {
      id: `models.same-context[${model.name}]`,
      title: `${model.name} has the same context on all its backends`,
      severity: 'warning',
      why: 'Compares num_ctx of the model and the context of loaded ones. The default depends on OLLAMA_CONTEXT_LENGTH and on VRAM, so a long prompt can fit on one server and be cut on another.',
      remedy: 'Set num_ctx of the model in litellm_models, which holds on every server.',
      asks: [...asks, 'runtime'],
      after: [present],
      judge: ({ seen }) => {
        if (model.numCtx !== undefined) return notApplicable(`litellm_models sets num_ctx: ${String(model.numCtx)}`);
        if (!seen.reached) return unknown(seen.problem.summary);
        const { runtime } = seen.facts;
        // A gateway on the host may have loaded it with a context that it has let grow.
        const isServed = runtime.known && runtime.value.length > 0;
        return judgeContext(model, copiesOf(model, urls, seen.facts), isServed);
      },
    },
  ];
}

/** The models at a backend; `undefined` if it did not answer. */
export function listing(url: string, facts: HostFacts): readonly ListedModel[] | undefined {
  const fact = facts[`models ${url}`];
  return fact?.known === true && fact.value.answered ? fact.value.value : undefined;
}

function copiesOf(model: Model, urls: readonly string[], facts: HostFacts): readonly Copy[] {
  return urls.flatMap((url) => {
    const own = listing(url, facts)?.find(({ name }) => isSameModel(name, model.model));
    if (own === undefined) return [];
    const fact = facts[`details ${url}`];
    const details: BackendDetails | undefined = fact?.known === true ? fact.value : undefined;
    return [
      {
        url,
        digest: own.digest,
        modifiedAt: own.modifiedAt,
        shown: details?.shown.find(({ name }) => isSameModel(name, model.model)),
        loadedContext: details?.loaded.find(({ name }) => isSameModel(name, model.model))?.context,
      },
    ];
  });
}

function judgeWeights(model: Model, copies: readonly Copy[]): Verdict {
  const known = copies.filter(({ digest }) => digest !== '');
  const [first] = known;
  if (first === undefined) return notApplicable('no backend tells its digest');
  const digests = new Set(known.map(({ digest }) => digest));
  if (digests.size === 1)
    return pass(`${short(first.digest)} on ${known.length === 1 ? first.url : `all ${String(known.length)}`}`);
  const weights = new Set(known.map(({ shown }) => blobOf(shown)));
  const differs = weights.has(undefined)
    ? ''
    : weights.size === 1
      ? ' (the same weights, with another template or parameters)'
      : ' (other weights)';
  // Times of RFC 3339 in one zone sort as text; servers write their own zone.
  const oldest = known.toSorted((a, b) => Date.parse(a.modifiedAt) - Date.parse(b.modifiedAt))[0];
  const newest = known.toSorted((a, b) => Date.parse(b.modifiedAt) - Date.parse(a.modifiedAt))[0];
  return failed(
    `one ${model.model} on all its backends`,
    `${known.map(({ url, digest, modifiedAt }) => `${short(digest)} on ${url}${modifiedAt === '' ? '' : `, of ${modifiedAt.slice(0, 10)}`}`).join('; ')}${differs}`,
    bringModel(
      model.model,
      oldest?.url ?? '',
      newest === undefined ? undefined : { url: newest.url, folder: undefined },
    ),
  );
}

function judgeContext(model: Model, copies: readonly Copy[], isServed: boolean): Verdict {
  const known = copies.flatMap(({ url, shown, loadedContext }) => {
    if (shown?.numCtx !== undefined) return [{ url, tokens: shown.numCtx, from: 'num_ctx of its Modelfile' }];
    return loadedContext === undefined || isServed ? [] : [{ url, tokens: loadedContext, from: 'loaded so' }];
  });
  const sizes = new Set(known.map(({ tokens }) => tokens));
  if (sizes.size > 1) {
    const most = Math.max(...sizes);
    return failed(
      `one context of ${model.model} on all its backends`,
      known.map(({ url, tokens, from }) => `${String(tokens)} tokens on ${url} (${from})`).join('; '),
      `set num_ctx: ${String(most)} for ${model.name} in litellm_models, or OLLAMA_CONTEXT_LENGTH alike on every server`,
    );
  }
  const [only, ...others] = copies;
  if (only !== undefined && others.length === 0) return pass(`${only.url} alone has it`);
  const [first] = known;
  return first === undefined || known.length < 2
    ? notApplicable(
        `${known.length === 0 ? 'no backend' : (first?.url ?? '')} tells its context: ${known.length === 0 ? 'they' : 'the others'} have no num_ctx, and ${isServed ? 'the gateway loads it with its own' : 'have not loaded it'}`,
      )
    : pass(`${String(first.tokens)} tokens on ${String(known.length)} of ${String(copies.length)}`);
}

function blobOf(shown: ShownModel | undefined): string | undefined {
  return shown?.weights?.slice(shown.weights.lastIndexOf('/') + 1);
}

function short(digest: string): string {
  return digest.slice(0, 12);
}
