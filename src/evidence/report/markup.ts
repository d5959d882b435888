import { printable } from '../../core/printable.ts';

/** A text for HTML and XML, without characters that neither may have. */
export function escaped(text: string): string {
  // Most texts: this takes a tenth of the time.
  if (/^[\w .,:;/()=+@%?!–-]*$/.test(text)) return text;
  return printable(text)
    .replaceAll(/[\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
