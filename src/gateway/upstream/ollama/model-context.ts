import { isObject, textOf, type Json } from '../../json.ts';
import type { ModelContext } from '../provider.ts';

/** The lengths of the context in an answer of `/api/show`; `undefined` if it does not have the trained one. */
export function modelContext({ model_info: info, parameters }: Json): ModelContext | undefined {
  if (!isObject(info)) return undefined;
  const trained = info[`${textOf(info, 'general.architecture')}.context_length`];
  if (typeof trained !== 'number' || !(trained > 0)) return undefined;
  // One parameter a line, its name and its value (server/routes.go, GetModelInfo).
  const stated = typeof parameters === 'string' ? /^num_ctx\s+(\d+)\s*$/m.exec(parameters)?.[1] : undefined;
  return { trained, stated: stated === undefined ? undefined : Number(stated) };
}
