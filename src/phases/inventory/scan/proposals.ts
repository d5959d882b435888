import type { Backend, Model } from '../../../config/config.ts';
import type { EntryKey } from '../../../config/edit/entry-edit.ts';
import { canonicalModelName } from '../../../core/model-name.ts';
import type { Scan, ScannedServer } from './scan.ts';

// The range of both keys of litellm_backends.
const MOST = 1024;

/** Keys for the entries of a list, and remarks about those that are not proposed. */
export interface Proposals {
  readonly keys: readonly EntryKey[];
  readonly remarks: readonly string[];
}

/**
 * `num_parallel` and `max_loaded_models` as the servers state them. A smaller number of the file is a person's choice and stays; a larger
 * one promises more than the server does.
 */
export function backendProposals(backends: readonly Backend[], { servers }: Pick<Scan, 'servers'>): Proposals {
  const keys: EntryKey[] = [];
  const remarks: string[] = [];
  for (const [index, backend] of backends.entries()) {
    const stated = servers.find(({ url }) => url === backend.url)?.inspection?.stated;
    const wanted = [
      // Each key is put behind the address, so the last one comes first.
      ['max_loaded_models', stated?.maxLoadedModels, backend.maxLoadedModels],
      ['num_parallel', stated?.numParallel, backend.numParallel],
    ] as const;
    for (const [key, value, current] of wanted) {
      if (value === undefined || value < 1 || value > MOST || value === current) continue;
      if (current === undefined || current > value) keys.push({ index, key, value });
      else remarks.push(`${backend.url}: ${key} stays ${String(current)}; the server would allow ${String(value)}`);
    }
  }
  return { keys, remarks };
}

/**
 * `num_ctx` for entries without it, where all servers that have the model state one context for it: in its Modelfile, else by
 * `OLLAMA_CONTEXT_LENGTH`, and never more than it was trained for, as Ollama itself limits it.
 */
export function modelProposals(
  models: readonly Model[],
  backends: readonly string[],
  { servers }: Pick<Scan, 'servers'>,
): Proposals {
  const keys: EntryKey[] = [];
  const remarks: string[] = [];
  for (const [index, model] of models.entries()) {
    const canonical = canonicalModelName(model.model);
    const serving = servers
      .filter(({ url }) => (model.backends ?? backends).includes(url))
      .flatMap((server) => {
        const served = server.answer?.models.find(({ name }) => canonicalModelName(name) === canonical);
        return served === undefined ? [] : [{ server, ...contextOf(server, served) }];
      });
    const [first] = serving;
    if (first === undefined) continue;
    const own = model.numCtx ?? model.options['num_ctx'];
    if (own !== undefined) {
      for (const { server, trained } of serving)
        if (typeof own === 'number' && trained !== undefined && trained < own)
          remarks.push(
            `${model.name}: num_ctx ${String(own)} is more than the ${String(trained)} tokens that the model of ${server.label} was trained for; Ollama uses ${String(trained)}`,
          );
      continue;
    }
    if (
      serving.every(({ context }) => context !== undefined && context === first.context) &&
      first.context !== undefined
    )
      keys.push({ index, key: 'num_ctx', value: first.context });
    else if (serving.some(({ context }) => context !== undefined))
      remarks.push(
        `${model.name}: no num_ctx is proposed, since its servers differ: ${serving.map(({ server, context }) => `${server.label} ${context === undefined ? 'states none' : `has ${String(context)}`}`).join(', ')}`,
      );
  }
  return { keys, remarks };
}

function contextOf(
  { inspection }: ScannedServer,
  {
    numCtx,
    trainedContext: trained,
  }: { readonly numCtx: number | undefined; readonly trainedContext: number | undefined },
): { readonly context: number | undefined; readonly trained: number | undefined } {
  const stated = numCtx ?? inspection?.stated.contextLength;
  if (stated === undefined || stated < 1) return { context: undefined, trained };
  return { context: trained === undefined ? stated : Math.min(stated, trained), trained };
}
