/** Certificates that end within 14 days are a warning. */
export const SOON_MS = 14 * 24 * 3_600_000;

/** A day of a certificate, in UTC. */
export function dayText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
