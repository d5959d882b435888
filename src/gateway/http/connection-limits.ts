/** Limits of a connection, ms. */
export interface ConnectionLimits {
  /** Time that a request may take to arrive, and the interval of the check. */
  readonly headersMs: number;
  readonly wholeMs: number;
  readonly lookMs: number;
  /** Time without a byte read by a client that has bytes to read. The client is let go at the second check, so within twice the time. */
  readonly sendMs: number;
  /** Time of a TLS handshake. */
  readonly handshakeMs: number;
  /** Interval in which a renewed certificate is looked for. */
  readonly renewalLookMs: number;
}

/** The limits of a gateway. */
export const LIMITS: ConnectionLimits = {
  headersMs: 60_000,
  wholeMs: 300_000,
  lookMs: 10_000,
  sendMs: 30_000,
  handshakeMs: 10_000,
  renewalLookMs: 5000,
};
