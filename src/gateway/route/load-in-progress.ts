import type { Backend, Fleet } from './fleet.ts';
import type { LoadWatch, Replica } from './replica.ts';

/** The load in progress on a backend: the gateway's own, else one inside a client's request. */
export function loadInProgress(
  { replicas }: Fleet,
  { loading, implicitLoad }: Backend,
): { readonly replica: Replica; readonly watch: LoadWatch } | undefined {
  const replica = replicas.get(loading ?? '');
  if (replica?.load !== undefined) return { replica, watch: replica.load };
  return implicitLoad === undefined ? undefined : { replica: implicitLoad.replica, watch: implicitLoad };
}
