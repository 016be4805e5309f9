// Tables, cards, hops and lists. A table becomes a list of blocks where the page is narrow.

export const evidenceStyle = `
.items{width:100%;border-collapse:separate;border-spacing:0;background:var(--panel);border:1px solid var(--rule);border-radius:12px;font-size:.9375rem}
.items th,.items td{text-align:left;vertical-align:baseline;padding:10px 12px}
.items thead th,.items td[data-column=Expected]{white-space:nowrap}
.items thead th{font-size:.8125rem;font-weight:500;color:var(--quiet);padding-bottom:4px}
.items tbody tr:first-child>*{border-top:1px solid var(--rule)}
.items th[scope=row]{font-weight:650}
.items th:first-child,.items td:first-child{padding-left:18px}
.items td{min-width:5.5em}
.items th[scope=row]{min-width:9em}
.items .detail td{padding-top:0;padding-bottom:16px}
.reason{max-width:46em}
.detail .aside{max-width:58em}
.expression{color:var(--quiet)}
.detail p+p{margin-top:6px}
.card{background:var(--panel);border:1px solid var(--rule);border-radius:12px;padding:16px 18px}
.card+.card{margin-top:14px}
.card header{display:flex;flex-wrap:wrap;gap:6px 12px;align-items:baseline;justify-content:space-between;margin-bottom:6px}
.card>.aside{margin-top:4px}
.ways{margin:14px 0 4px;display:grid;gap:14px}
.way h4{font-size:.8125rem;font-weight:500;color:var(--quiet);margin:0 0 2px}
.hops li{display:grid;grid-template-columns:9.5em 5em minmax(0,1fr) minmax(0,19em);gap:0 14px;align-items:center;padding:5px 0;border-top:1px solid var(--grid);font-size:.8125rem;line-height:1.4}
.hop-name{font-weight:650}
.hop-detail,.hop-settings,.hop-bound{font-weight:400;color:var(--quiet)}
.hop-detail{display:block;overflow-wrap:anywhere}
.not-reached .hop-name,.not-reached .hop-time{font-weight:400;color:var(--quiet)}
.hop-deadline,.hop-over{display:block}
.hop-over{color:var(--bad);font-weight:650}
.hop-picture{display:block;width:100%;height:16px;background:var(--grid);border-radius:3px}
.hop-room{fill:none;stroke:var(--quiet);stroke-dasharray:3 3;vector-effect:non-scaling-stroke}
.hop-bar{fill:var(--measured)}
.hop-bar-over{fill:var(--bad)}
.hop-mark{fill:var(--text)}
.evidence{display:grid;gap:0;margin-top:12px;font-size:.875rem}
.evidence>div{display:grid;grid-template-columns:minmax(9em,14em) minmax(0,1fr);gap:2px 16px;padding:4px 0;border-top:1px solid var(--grid)}
.evidence dt{color:var(--quiet)}
.notes{margin-top:12px;font-size:.9375rem;border-left:3px solid var(--warn);padding-left:12px}
.plain-list li{background:var(--panel);border:1px solid var(--rule);border-radius:12px;padding:12px 18px;font-size:.9375rem}
.plain-list li+li{margin-top:10px}
.plain-list p{margin-top:4px}
.alarm{border:2px solid var(--bad);background:var(--bad-ground);border-radius:12px;padding:14px 18px;margin-top:28px}
.alarm h2{color:var(--bad);margin-bottom:4px}
.alarm ul{list-style:disc;padding-left:20px}
.filters{display:flex;flex-wrap:wrap;gap:4px 18px;border:0;margin:0 0 10px;padding:0;font-size:.875rem}
.filters legend{float:left;padding:0;margin-right:18px;color:var(--quiet)}
.filters label{white-space:nowrap}
.filters input{accent-color:var(--measured);vertical-align:-1px}
.events{font-size:.875rem;background:var(--panel);border:1px solid var(--rule);border-radius:12px;padding:8px 18px}
.event{display:grid;grid-template-columns:10.5em minmax(0,1fr);gap:0 12px;padding:3px 0}
.event time{display:flex;justify-content:space-between;gap:8px;color:var(--quiet)}
.event-offset{color:var(--text)}
.event.topic-objective,.event.topic-alert,.event.topic-notification{font-weight:500}
.yaml{margin:0;background:var(--panel);border:1px solid var(--rule);border-radius:12px;padding:14px 18px;overflow-x:auto;line-height:1.6;overflow-wrap:normal}
.yaml-key{color:var(--measured)}
.yaml-comment{color:var(--quiet);font-style:italic}
.versions{border-top:1px solid var(--rule);padding-top:18px;font-size:.8125rem;color:var(--quiet)}
.versions dl{display:grid;gap:2px}
.versions dl>div{display:grid;grid-template-columns:9em minmax(0,1fr)}
@media screen and (max-width:760px){
.items,.items tbody,.items tr,.items td,.items th{display:block}
.items thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.items tbody{padding:14px 14px 16px}
.items tbody+tbody{border-top:1px solid var(--rule)}
.items tbody tr>*,.items tbody tr:first-child>*{padding:2px 0;border:0}
.items th:first-child,.items td:first-child{padding-left:0}
.items tr:first-child td{display:grid;grid-template-columns:7.5em minmax(0,1fr);font-size:.875rem}
.items tr:first-child td::before{content:attr(data-column);color:var(--quiet)}
.items .word{justify-self:start}
.items .detail td{padding:8px 0 0}
.card{padding:14px}
.hops li{grid-template-columns:minmax(0,1fr) auto;gap:3px 10px;padding:8px 0}
.hop-picture,.hop-latency{grid-column:1/-1}
.hop-detail{display:inline}
.evidence>div{grid-template-columns:1fr}
.events{padding:6px 14px}
.event{grid-template-columns:1fr;padding:5px 0}
.event time{justify-content:flex-start}
.versions dl>div{grid-template-columns:7.5em minmax(0,1fr)}
}`;
