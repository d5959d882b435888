/** The style of report.html: light and dark, on a screen of any width and on paper. Colours have a contrast of at least 4.5 to 1. */
export const STYLE = `
:root { color-scheme: light dark; --back: #ffffff; --text: #1b1f24; --dim: #57606a; --line: #d0d7de; --soft: #f6f8fa;
  --good: #116329; --bad: #a40e26; --warn: #7d4e00; --note: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --text: #e6edf3; --dim: #9ba5b0; --line: #30363d; --soft: #161b22;
  --good: #56d364; --bad: #ff8f88; --warn: #e3b341; --note: #79c0ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem 1rem 3rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none; }
a { color: var(--note); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0; }
dt { color: var(--dim); }
dd { margin: 0; min-width: 0; }
code, pre { font: .875em/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; margin: .25rem 0 1rem; white-space: pre-wrap; }
table { border-collapse: collapse; width: 100%; margin: .25rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 600; }
td.word, th.word { white-space: nowrap; }
.places td.word { white-space: normal; } .places th:first-child { width: 14rem; }
.columns th:first-child { width: 9rem; } .columns th:nth-child(2) { width: 12rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } .note { color: var(--note); } .dim { color: var(--dim); }
.word { font-weight: 600; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; padding: 0; list-style: none; }
.counts b { font-size: 1.35rem; margin-right: .35rem; }
.fields { display: block; color: var(--dim); }
.fields code { color: var(--text); }
figure { margin: 1rem 0 2rem; }
figcaption { font-weight: 600; margin-bottom: .5rem; }
.chart { display: block; width: 100%; max-width: 36rem; height: auto; font-size: 12px; }
.chart text { fill: var(--text); }
.chart rect, .chart circle { fill: currentColor; }
.chart polyline { fill: none; stroke: currentColor; stroke-width: 2; }
.chart .grid { stroke: var(--line); stroke-width: 1; }
.data { max-width: 48rem; font-variant-numeric: tabular-nums; }
.data td.word { white-space: normal; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  table, tbody, tr, td { display: block; width: 100%; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  td { border: 0; padding: 0; } td.word { white-space: normal; }
  .data { display: table; font-size: .72rem; overflow-wrap: normal; } .data tbody { display: table-row-group; } .data tr { display: table-row; }
  .data td, .data th { display: table-cell; width: auto; padding: .25rem .35rem .25rem 0; border-bottom: 1px solid var(--line); white-space: normal; }
  .data thead { position: static; width: auto; height: auto; overflow: visible; clip-path: none; }
}
@media print {
  :root { --back: #ffffff; --text: #000000; --dim: #444444; --line: #bbbbbb; --soft: #f4f4f4; --good: #0b5021; --bad: #8b0b1f; --warn: #6a4200; --note: #033d8b; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  h2, h3 { break-after: avoid; } tr, .chart { break-inside: avoid; } thead { display: table-header-group; }
}
`;
