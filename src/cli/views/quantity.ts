/** A whole number, with a comma before each three digits. */
export function groupedText(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** A rate for people: `12/s`, `1.4/s`, `7/min`; `undefined` below one in ten minutes. */
export function rateText(perSecond: number): string | undefined {
  if (perSecond >= 10) return `${String(Math.round(perSecond))}/s`;
  if (perSecond >= 1) return `${perSecond.toFixed(1)}/s`;
  const perMinute = perSecond * 60;
  if (perMinute >= 1) return `${String(Math.round(perMinute))}/min`;
  return perMinute >= 0.1 ? `${perMinute.toFixed(1)}/min` : undefined;
}
