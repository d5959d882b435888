import { isSameModel } from '../../core/model-name.ts';
import type { Replica } from './replica.ts';

/** The memory of a backend, as its lists and its models show it; `undefined`: to be looked for. */
export interface BackendMemory {
  /** Its models in memory. */
  resident: readonly Replica[] | undefined;
  /** Those of which a load evicts nothing, as long as the lists are these. */
  fitting: (Lists & { readonly replicas: readonly Replica[] }) | undefined;
  /** The longest load of its models, ms. */
  longestLoad: { readonly ms: number | undefined } | undefined;
}

/** The models that a backend listed last, and those that it held at the same time; a change replaces the whole list. */
interface Lists {
  readonly listed: readonly string[] | undefined;
  readonly heldTogether: readonly (readonly string[])[];
}

interface Remembering extends Lists {
  readonly replicas: ReadonlySet<Replica>;
  readonly memory: BackendMemory;
}

/** Nothing was looked for. */
export function unknownMemory(): BackendMemory {
  return { resident: undefined, fitting: undefined, longestLoad: undefined };
}

/** The models of a backend are others. */
export function forgetMemory(memory: BackendMemory): void {
  Object.assign(memory, unknownMemory());
}

/** The models of a backend that are in its memory, in the order of all its models. */
export function residentsOf({ memory, replicas }: Remembering): readonly Replica[] {
  memory.resident ??= [...replicas].filter(({ residency }) => residency.state === 'resident');
  return memory.resident;
}

/** The models that a backend was seen with together with everything that it holds now: a load of one of them evicts nothing. */
export function fittingOf({ memory, listed, heldTogether, replicas }: Remembering): readonly Replica[] {
  const known = memory.fitting;
  if (known !== undefined && known.listed === listed && known.heldTogether === heldTogether) return known.replicas;
  const found = listed === undefined ? [] : [...replicas].filter(({ model }) => fits(model, listed, heldTogether));
  memory.fitting = { listed, heldTogether, replicas: found };
  return found;
}

function fits(model: string, listed: readonly string[], heldTogether: Lists['heldTogether']): boolean {
  return (
    listed.every((name) => isSameModel(name, model)) ||
    heldTogether.some((names) => includesModel(names, model) && listed.every((name) => includesModel(names, name)))
  );
}

/** Whether a list has a model, under any of its names. */
export function includesModel(names: readonly string[], model: string): boolean {
  return names.some((name) => isSameModel(name, model));
}
