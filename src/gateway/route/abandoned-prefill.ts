/** A slot in use by a prompt of a client that has left. */
export interface AbandonedPrefill {
  readonly untilMs: number;
  readonly expectedMs: number;
}

/** The slots of a replica that are in use by such prompts. */
interface AbandonedPrefills {
  abandonedPrefills: AbandonedPrefill[];
  expiredPrefill: AbandonedPrefill | undefined;
}

/** Frees the slots of abandoned prompts whose time is over. */
export function expireAbandonedPrefills(replica: AbandonedPrefills, nowMs: number): void {
  if (replica.abandonedPrefills.length === 0) return;
  for (const prefill of replica.abandonedPrefills) if (prefill.untilMs <= nowMs) replica.expiredPrefill = prefill;
  replica.abandonedPrefills = replica.abandonedPrefills.filter(({ untilMs }) => untilMs > nowMs);
}
