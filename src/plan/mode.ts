/** A mode as chmod takes it: `0640`. */
export function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** `owner:group`; a part that the file does not set is the existing one. */
export function ownerText(
  desired: { readonly owner: string | undefined; readonly group: string | undefined },
  actual: { readonly owner: string; readonly group: string },
): string {
  return `${desired.owner ?? actual.owner}:${desired.group ?? actual.group}`;
}
