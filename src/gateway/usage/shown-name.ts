import { withoutKeys } from '../../core/without-keys.ts';

/** A name that a client gave, for people: it may have put a key in its place. Every request has one, so most are not searched. */
export function shownName(name: string): string {
  return name.includes('sk-') || name.includes('_') || name.includes(' ') ? withoutKeys(name) : name;
}
