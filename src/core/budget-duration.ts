/** The length of a budget's period. */
export interface BudgetDuration {
  readonly count: number;
  readonly unit: 's' | 'm' | 'h' | 'd' | 'w' | 'mo';
}

const WORDS: Readonly<Record<string, BudgetDuration>> = {
  hourly: { count: 1, unit: 'h' },
  daily: { count: 1, unit: 'd' },
  weekly: { count: 1, unit: 'w' },
  monthly: { count: 1, unit: 'mo' },
};
/** As many digits as the API takes of any duration. */
const FORM = /^(\d{1,6})(s|m|h|d|w|mo)$/;

/** The duration of a text of LiteLLM's; `undefined` for another text, which LiteLLM takes for a day. */
export function budgetDurationOf(text: string): BudgetDuration | undefined {
  const word = Object.hasOwn(WORDS, text) ? WORDS[text] : undefined;
  if (word !== undefined) return word;
  const [, digits, unit] = FORM.exec(text) ?? [];
  const count = Number(digits);
  if (!(count > 0)) return undefined;
  // The form has no other units.
  return { count, unit: unit as BudgetDuration['unit'] };
}

/** A period of a budget that begins so much later than now, or than the end of the running one, was begun by a clock that was wrong, ms. */
export const FAR_AHEAD_MS = 7 * 86_400_000;
