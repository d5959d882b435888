import { judgeAll } from '../../../core/check.ts';
import type { PhaseTools } from '../../../core/phase.ts';
import type { CheckResult } from '../../../core/verdict.ts';
import type { Drafts } from '../drafts.ts';
import { scanServers } from './ask-servers.ts';
import { draftProposals, type ListPlaces } from './draft.ts';
import { modelRows } from './rows.ts';
import { SCAN_CHECKS } from './scan-checks.ts';
import { scanDocument, type ScanDocument } from './scan-document.ts';
import type { ScanRequest, ThroughGateway } from './scan.ts';
import { matrixText, serversText } from './tables.ts';

/** A scan for the report: its document, results, and the lines for the operator. */
export interface Scanned {
  readonly document: ScanDocument;
  readonly results: readonly CheckResult[];
  readonly notes: readonly string[];
}

/** Scans the backends of all lists, and drafts what they state. */
export async function scanAndDraft(
  request: ScanRequest & { readonly throughGateway: ThroughGateway },
  places: ListPlaces,
  drafts: Drafts,
  tools: PhaseTools,
): Promise<Scanned> {
  const urls = [...new Set(places.hosts.flatMap(({ settings }) => settings.backends?.map(({ url }) => url) ?? []))];
  const scan = await scanServers(urls, request, tools);
  const rows = modelRows(scan, [
    ...new Set(places.hosts.flatMap(({ settings }) => settings.models?.map(({ model }) => model) ?? [])),
  ]);
  const document = scanDocument(scan, rows);
  tools.recorder.file('scan.json', document);
  const remarks = tools.signal.aborted ? [] : await draftProposals(places, scan, drafts);
  return {
    document,
    results: judgeAll(SCAN_CHECKS, { scan, rows }, '-'),
    notes: [
      ...(scan.servers.length === 0 ? [] : [matrixText(rows, scan.servers), serversText(scan.servers)]),
      ...scan.servers.flatMap(({ label, inspection }) =>
        (inspection?.remarks ?? []).map((text) => `${label}: ${text}`),
      ),
      ...scan.servers.flatMap(({ url, from }) =>
        from === undefined ? [] : [`${url} does not answer this machine; it was asked from ${from}`],
      ),
      ...remarks,
      ...(scan.otherHosts.length === 0
        ? []
        : [`hosts of [ollama] that no backend names: ${scan.otherHosts.join(', ')}`]),
    ],
  };
}
