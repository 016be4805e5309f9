// The timeline picture. The lanes' heads stand left of the plots, and above them where the page is narrow.

export const timelineStyle = `
.chart{--gutter:208px;position:relative;background:var(--panel);border:1px solid var(--rule);border-radius:12px;padding:0 18px 6px;touch-action:pan-y}
.backdrop{position:absolute;top:0;left:calc(18px + var(--gutter));width:calc(100% - 36px - var(--gutter));height:calc(100% - 50px);pointer-events:none}
.lane{position:relative;display:grid;grid-template-columns:var(--gutter) minmax(0,1fr);align-items:center}
.lane-objective,.lane-alert,.lane-fault,.lane-workflow{border-top:1px solid var(--rule)}
.lane-alert,.lane-fault,.lane-workflow{padding:5px 0}
.lane-objective{padding:8px 0 6px}
.lane-phases{padding:14px 0 12px}
.lane-axis{border-top:1px solid var(--rule);padding-top:6px}
.lane-head{padding-right:18px;min-width:0}
.lane-title{font-weight:650;font-size:.9375rem;line-height:1.35;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}
.lane-facts{display:flex;flex-wrap:wrap;align-items:center;gap:3px 8px;margin-top:3px}
.lane-note{font-size:.8125rem;color:var(--quiet);line-height:1.35;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}
.lane-readout{position:absolute;right:0;top:2px;z-index:2;padding:0 7px;border-radius:6px;background:var(--text);color:var(--panel);font-size:.75rem;line-height:1.6;font-variant-numeric:tabular-nums;pointer-events:none}
.lane-phases .lane-readout{top:16px}
.lane-plot{min-width:0}
svg.plot{display:block;width:100%;overflow:visible;font-family:var(--sans);font-size:12px}
.plot text,.mark-label{fill:var(--quiet)}
.band rect{fill:var(--grid)}
.band text{fill:var(--quiet);font-weight:600}
.band-fault rect{fill:var(--fault)}
.band-fault text{fill:var(--panel)}
.band-start rect{fill:none;stroke:var(--rule)}
.band-recovery rect{fill:var(--rule)}
.fault-window{fill:var(--fault-ground)}
.tick-line{stroke:var(--grid)}
.zero-line{stroke:var(--fault);stroke-width:1.5}
.grid{stroke:var(--grid)}
.halo{paint-order:stroke;stroke:var(--panel);stroke-width:4px;stroke-linejoin:round}
.value-tick{font-size:11px;font-variant-numeric:tabular-nums}
.threshold{stroke:var(--threshold);stroke-width:1.25;stroke-dasharray:5 4;fill:none}
.plot .threshold-label{font-weight:600;fill:var(--text)}
.line{fill:none;stroke:var(--measured);stroke-width:1.9;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
.line-breach{stroke:var(--bad);stroke-width:2.6}
.breach-area{fill:var(--bad);fill-opacity:.16;stroke:none}
.plot .plot-empty{font-size:13px;font-style:italic}
.state-line{stroke:var(--rule);stroke-width:2}
.state-pending{fill:url(#pending-hatch);stroke:var(--warn);stroke-width:1}
.hatch-ground{fill:var(--pending-ground)}
.hatch-ink{fill:var(--warn);fill-opacity:.45}
.state-firing{fill:var(--bad)}
.mark-firing{fill:var(--bad);stroke:var(--panel);stroke-width:1.5}
.mark-ink{stroke:var(--panel);stroke-width:1.9;stroke-linecap:round;fill:none}
.mark-resolved{fill:var(--panel);stroke:var(--good);stroke-width:1.8}
.mark-check{stroke:var(--good);stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round;fill:none}
.mark-failed,.mark-suppressed{stroke:var(--warn);stroke-width:2;stroke-linecap:round;fill:none}
.deadline line{stroke:var(--text);stroke-width:1.2;stroke-dasharray:2 2}
.deadline path{fill:var(--text)}
.fault-bar{fill:var(--fault)}
.strike{stroke:var(--fault);stroke-width:2;fill:none;stroke-linecap:round;stroke-linejoin:round}
.node-bar{fill:var(--fault);fill-opacity:.18;stroke:var(--fault);stroke-width:.5}
.hit-bar{fill:var(--fault);fill-opacity:.55;stroke:var(--panel);stroke-width:.5}
.tick-offset{font-weight:600;font-size:12px}
.tick-wall{font-size:11px;font-variant-numeric:tabular-nums}
.budget{margin-top:7px;max-width:11.5em}
.budget svg{display:block;width:100%;height:7px;margin-bottom:3px}
.budget-whole{fill:var(--grid)}
.budget-spent{fill:var(--bad)}
.crosshair{position:absolute;top:0;bottom:0;width:0;border-left:1px solid var(--text);pointer-events:none}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin-top:12px;font-size:.8125rem;color:var(--quiet)}
.legend li{display:flex;align-items:center;gap:7px}
.legend svg{overflow:visible;flex:none}
figcaption .aside{margin-top:8px}
@media screen and (max-width:1000px){.tick.fine .tick-wall{display:none}}
@media screen and (max-width:760px){
.chart{--gutter:0px;padding:0 12px 4px;margin:0 -4px}
.backdrop{left:12px;width:calc(100% - 24px)}
.lane{display:block}
.lane-head{padding:6px 0 4px;background:var(--panel);display:flex;flex-wrap:wrap;align-items:center;gap:2px 8px}
.lane-facts{margin-top:0}
.lane-phases .lane-head,.lane-axis .lane-head{padding:0}
.lane-alert,.lane-fault,.lane-objective{padding:0 0 4px}
.lane-title,.lane-facts,.lane-note{position:relative}
.fine,.mark-label{display:none}
.legend{gap:4px 14px}
}`;
