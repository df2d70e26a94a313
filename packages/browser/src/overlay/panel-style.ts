/** How the panel looks. The host is out of the page's flow, and no rule of the page reaches what is inside. */
export const panelStyle = `
:host {
  all: initial !important;
  position: fixed !important;
  inset: auto 12px 12px auto !important;
  z-index: 2147483647 !important;
  display: block !important;
  contain: layout style !important;
  color-scheme: light dark;
  --ground: #fbfbfa; --raised: #fff; --line: #e4e3df; --text: #1f2328; --quiet: #6a6f76;
  --accent: #2f5fd0; --good: #1a7f4b; --wait: #9a6200; --bad: #c0362c; --off: #d3d2cd;
  --good-ground: #e5f4ec; --wait-ground: #fbf0dc; --bad-ground: #fbe7e5;
}
@media (prefers-color-scheme: dark) {
  :host {
    --ground: #16181b; --raised: #1e2125; --line: #30343a; --text: #e6e7e9; --quiet: #9aa0a8;
    --accent: #86a9ff; --good: #57c78d; --wait: #e0aa4e; --bad: #f08a80; --off: #3c4148;
    --good-ground: #173425; --wait-ground: #37290f; --bad-ground: #3d1d1a;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.panel {
  display: flex; flex-direction: column;
  width: min(560px, calc(100vw - 24px)); height: min(620px, calc(100vh - 24px)); height: min(620px, calc(100dvh - 24px));
  overflow: hidden;
  background: var(--ground); color: var(--text);
  border: 1px solid var(--line); border-radius: 10px;
  box-shadow: 0 12px 40px rgb(0 0 0 / .18), 0 1px 3px rgb(0 0 0 / .12);
  font: 12px/1.45 ui-sans-serif, system-ui, sans-serif; font-variant-numeric: tabular-nums;
  text-align: start;
}
header, .facts, .tools { flex: none; padding: 8px 12px; border-bottom: 1px solid var(--line); }
header { display: flex; align-items: center; gap: 8px; background: var(--raised); }
h2 { margin: 0; font-size: 13px; font-weight: 600; letter-spacing: .01em; }
header .chip { min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.space { flex: 1; }
button, input { font: inherit; color: inherit; }
.action {
  flex: none; padding: 2px 8px; border: 1px solid var(--line); border-radius: 6px; background: transparent; cursor: pointer;
}
.action:hover { border-color: var(--quiet); }
/* It takes the focus for the keyboard's sake, and is no control. */
.panel:focus { outline: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.chip {
  display: inline-block; padding: 0 7px; border-radius: 9px; line-height: 18px; white-space: nowrap;
  background: color-mix(in srgb, var(--quiet) 14%, transparent); color: var(--quiet);
}
.chip.good { background: var(--good-ground); color: var(--good); }
.chip.wait { background: var(--wait-ground); color: var(--wait); }
.chip.bad { background: var(--bad-ground); color: var(--bad); }
.facts { display: grid; grid-template-columns: auto 1fr; gap: 5px 12px; margin: 0; align-items: baseline; }
dt { color: var(--quiet); }
dd { margin: 0; display: flex; flex-wrap: wrap; gap: 4px 6px; align-items: baseline; }
.quiet { color: var(--quiet); }
.part { max-width: 100%; }
.number { font-weight: 600; }
.tools { display: flex; gap: 10px; align-items: center; padding-block: 6px; }
.filter {
  flex: 1; min-width: 0; padding: 3px 8px; background: var(--raised);
  border: 1px solid var(--line); border-radius: 6px;
}
.filter::placeholder { color: var(--quiet); opacity: 1; }
label { display: flex; gap: 5px; align-items: center; white-space: nowrap; cursor: pointer; }
input[type="checkbox"] { margin: 0; accent-color: var(--accent); }
.list { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; margin: 0; padding: 0; list-style: none; }
.empty { padding: 28px 16px; text-align: center; color: var(--quiet); }
.item { border-bottom: 1px solid var(--line); }
.row {
  display: grid; grid-template-columns: 58px 62px minmax(0, 1fr) auto 120px; gap: 8px; align-items: center;
  width: 100%; min-height: 28px; padding: 3px 12px; border: 0; background: none; text-align: start; cursor: pointer;
}
.row:hover, .row[aria-expanded="true"] { background: var(--raised); }
.row:focus-visible { outline-offset: -2px; }
.at, .type { color: var(--quiet); }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 500; }
.way { display: flex; gap: 3px; }
.way i { width: 12px; height: 4px; border-radius: 2px; background: var(--off); }
.way .done { background: var(--good); }
.way .now { background: var(--wait); }
.way .end { background: var(--bad); }
.state { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: end; color: var(--quiet); }
.held .state { color: var(--wait); }
.lost .state { color: var(--bad); }
.details { padding: 6px 12px 12px; background: var(--raised); }
.steps { display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 0 0 6px; padding: 0; list-style: none; color: var(--quiet); }
.steps b { font-weight: 500; color: var(--text); }
.issues { margin: 0 0 6px; padding: 6px 8px; border-radius: 6px; background: var(--bad-ground); color: var(--bad); list-style: none; }
pre {
  margin: 0; max-height: 260px; overflow: auto; padding: 8px 10px;
  background: var(--ground); border: 1px solid var(--line); border-radius: 6px;
  font: 11px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere;
  tab-size: 2;
}
@media (max-width: 520px) {
  :host { inset: auto 0 0 0 !important; }
  .panel { width: 100vw; height: 62vh; height: 62dvh; border-radius: 12px 12px 0 0; border-inline: 0; border-bottom: 0; }
  .row { grid-template-columns: 58px minmax(0, 1fr) auto; gap: 0 8px; min-height: 42px; }
  .row .type { display: none; }
  .row .way { grid-area: 2 / 1; }
  .row .at { grid-area: 1 / 1; }
  .row .name { grid-area: 1 / 2 / 2 / 4; }
  .row .state { grid-area: 2 / 2 / 3 / 4; text-align: start; }
}
@media (forced-colors: active) {
  .way i { forced-color-adjust: none; }
}
`;
