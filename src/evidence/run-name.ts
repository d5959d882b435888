/** Orders runs by their folders' names: by time, then by number within one second (`…Z`, `…Z-2`, `…Z-10`). */
export function compareRuns(a: string, b: string): number {
  const [timeA = '', numberA = '1'] = a.split('-');
  const [timeB = '', numberB = '1'] = b.split('-');
  return timeA === timeB ? Number(numberA) - Number(numberB) : timeA < timeB ? -1 : 1;
}

/** Whether a folder has the name of a run. */
export function isRun(name: string): boolean {
  return /^\d{8}T\d{6}Z(?:-\d+)?$/.test(name);
}
