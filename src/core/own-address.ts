const LOOPBACK: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
  ['*', '127.0.0.1'],
  ['', '127.0.0.1'],
  ['localhost', '127.0.0.1'],
]);

/** The address by which a host reaches its own listener: its loopback where it listens on all addresses. */
export function ownAddress(listen: string): string {
  return LOOPBACK.get(listen) ?? listen;
}
