/** The ways to speak SSH: by the library ssh2, or by the installed `ssh`. */
export const TRANSPORTS = ['ssh2', 'openssh'] as const;

/** One of the ways to speak SSH. */
export type Transport = (typeof TRANSPORTS)[number];
