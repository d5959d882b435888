/** The use of the journals, as far as `/health` shows it. */
interface JournalUse {
  readonly journalBytes: number;
  readonly mostBytes: number;
  readonly rowsLost: number;
  readonly failure: string | undefined;
}

/** From this part on the journals are shown. */
const SHOWN_FROM = 0.8;

/** The field `usage` of `/health`: absent while the journals have room and their rows get into the database. */
export function usageHealth(state: JournalUse | undefined): object {
  if (state === undefined) return {};
  const { journalBytes, mostBytes, rowsLost, failure } = state;
  if (failure === undefined && journalBytes < SHOWN_FROM * mostBytes) return {};
  const isFull = journalBytes >= SHOWN_FROM * mostBytes;
  return {
    usage: {
      state: isFull ? 'nearly-full' : 'failing',
      journal_bytes: journalBytes,
      journal_max_bytes: mostBytes,
      rows_lost: rowsLost,
      ...(failure === undefined ? {} : { reason: failure }),
    },
  };
}
