import type { Deployment } from '../../schema/gateway-config.ts';

const keys = new WeakMap<object, string>();

/** The key of a model on a server, which its aliases share. Made once for a deployment, since each request asks for it several times. */
export function modelKey(deployment: Pick<Deployment, 'url' | 'model'>): string {
  const known = keys.get(deployment);
  if (known !== undefined) return known;
  const key = `${deployment.url} ${deployment.model}`;
  keys.set(deployment, key);
  return key;
}
