/** A path in a form that the router changes: it resolves dots and backslashes, and decodes characters. */
const CHANGED = /[%#\\]|\/\.|^[^/]/;

/** The path that the router matches for a path as it came, so that a rule about paths judges the one that is served. */
export function calledPath(path: string): string {
  if (!CHANGED.test(path)) return path;
  if (!URL.canParse(path, 'http://localhost')) return path;
  const { pathname } = new URL(path, 'http://localhost');
  try {
    return decodeURI(pathname);
  } catch {
    return pathname;
  }
}
