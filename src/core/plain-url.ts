/** A URL as people may write it in one form: without a slash at the end, in any case, with or without `http://` and the scheme's own port. */
export function plainUrl(text: string): string {
  const parsed = URL.parse(text.includes('://') ? text : `http://${text}`);
  return parsed === null ? text : `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}
