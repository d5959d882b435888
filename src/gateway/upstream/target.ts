/** A server's address, taken apart once. */
export interface Target {
  readonly origin: string;
  /** What stands before every path; empty or with a leading slash. */
  readonly prefix: string;
}

/** Takes a server's address apart. */
export function targetOf(url: string): Target {
  const { origin, pathname } = new URL(url);
  return { origin, prefix: pathname === '/' ? '' : pathname };
}
