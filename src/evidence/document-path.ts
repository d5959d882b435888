const MAX_SEGMENT = 120;

/**
 * The place of a document below a run's folder, whatever was asked for: never outside it, never hidden, no control
 * characters. What cannot be kept is replaced, since evidence with an odd name is worth more than none.
 */
export function documentPath(asked: string): string {
  const segments = asked
    .split(/[/\\]+/)
    .map(plain)
    .filter((segment) => segment !== '');
  return segments.length === 0 ? 'unnamed' : segments.join('/');
}

function plain(segment: string): string {
  return segment
    .replaceAll(/[\p{Cc}\p{Cf}:*?"<>|]/gu, '_')
    .replace(/^\.+/, (dots) => '_'.repeat(dots.length))
    .slice(0, MAX_SEGMENT);
}
