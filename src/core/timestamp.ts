/** A time as a name for folders: UTC, to the second, in ISO 8601's basic format: `20261123T231500Z`. */
export function timestampOf(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
