/** A limit of smoke: the variable that sets it, and its default. */
export interface SmokeLimit {
  readonly variable: string;
  readonly unit: string;
  readonly from: number;
  readonly to: number;
  readonly default: number;
  readonly meaning: string;
}

const HOUR_MS = 3_600_000;

/** The limits that smoke's probes judge their numbers by. `config` reads them, and neither it nor the phase may import the other. */
export const SMOKE_LIMITS = {
  latencyMs: {
    variable: 'litellm_smoke_latency_ms',
    unit: 'ms',
    from: 1,
    to: HOUR_MS,
    default: 1000,
    meaning: 'The median time of a request that needs no model.',
  },
  certificateDays: {
    variable: 'litellm_smoke_certificate_days',
    unit: 'days',
    from: 0,
    to: 3650,
    default: 14,
    meaning: 'The days that the certificate of the gateway must still be valid for.',
  },
  ttftP95Ms: {
    variable: 'litellm_smoke_ttft_p95_ms',
    unit: 'ms',
    from: 1,
    to: HOUR_MS,
    default: 10_000,
    meaning: 'The time to the first token of a model in memory, which 95 of 100 streams keep.',
  },
  totalP95Ms: {
    variable: 'litellm_smoke_total_p95_ms',
    unit: 'ms',
    from: 1,
    to: HOUR_MS,
    default: 60_000,
    meaning: 'The whole time of a short answer of a model in memory, which 95 of 100 streams keep.',
  },
  gapMs: {
    variable: 'litellm_smoke_gap_ms',
    unit: 'ms',
    from: 1,
    to: HOUR_MS,
    default: 10_000,
    meaning: 'The longest pause between two events of a stream.',
  },
  tokensPerS: {
    variable: 'litellm_smoke_tokens_per_s',
    unit: 'tokens/s',
    from: 0,
    to: 1_000_000,
    default: 1,
    meaning: 'The tokens a second that an alias must write for one client.',
  },
  slowerPercent: {
    variable: 'litellm_smoke_slower_percent',
    unit: '%',
    from: 1,
    to: 100_000,
    default: 100,
    meaning: 'How much slower than in the previous run the answers may be.',
  },
} as const satisfies Readonly<Record<string, SmokeLimit>>;

/** The limit of each probe, in the unit of {@link SMOKE_LIMITS}. */
export type SmokeLimits = Readonly<Record<keyof typeof SMOKE_LIMITS, number>>;

/** The limits without any variable. */
export const DEFAULT_SMOKE_LIMITS: SmokeLimits = Object.fromEntries(
  Object.entries(SMOKE_LIMITS).map(([name, record]) => [name, record.default]),
  // The entries are those of the table.
) as SmokeLimits;
