const MAX_SEGMENT = 120;

/**
 * The path of a document below a run's folder. It never leaves the folder, is never hidden and has no control
 * characters. Other characters are replaced: evidence with an odd name is worth more than none.
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
