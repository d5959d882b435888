import type { HostPaths } from '../render/desired.ts';

/**
 * The places beside hxllm's files where a switch writes their successors. They are there only after a power cut; two of them hold the
 * master key and the private key.
 */
export function stagedPaths({
  configFile,
  envFile,
  caFile,
  tlsCertFile,
  tlsKeyFile,
  serviceUnit,
  socketUnit,
  instanceUnit,
  failedUnit,
  dropInGenerator,
  current,
  marker,
}: HostPaths): readonly string[] {
  const files = [configFile, envFile, caFile, tlsCertFile, tlsKeyFile];
  const units = [serviceUnit, socketUnit, instanceUnit, failedUnit, dropInGenerator];
  return [...files, ...units, current, marker].map((path) => `${path}.hxllm-new`);
}
