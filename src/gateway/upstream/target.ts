/** The parts of a server's URL. */
export interface Target {
  readonly origin: string;
  /** Stands before every path; empty, or with a leading slash. */
  readonly prefix: string;
}

/** Splits a server's URL. */
export function targetOf(url: string): Target {
  const { origin, pathname } = new URL(url);
  return { origin, prefix: pathname === '/' ? '' : pathname };
}
