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
.expression{color:var(--quiet)}
.detail p+p{margin-top:6px}
.card{background:var(--panel);border:1px solid var(--rule);border-radius:12px;padding:16px 18px}
.card+.card{margin-top:14px}
.card header{display:flex;flex-wrap:wrap;gap:6px 12px;align-items:baseline;justify-content:space-between;margin-bottom:6px}
.card>.aside{margin-top:4px}
.hops{display:grid;grid-template-columns:repeat(6,minmax(0,1fr));margin:18px 0 4px}
.hops li{position:relative;padding:20px 10px 0 0;font-size:.8125rem;line-height:1.45;color:var(--quiet)}
.hops li::before{content:"";position:absolute;left:0;right:0;top:6px;border-top:2px solid var(--rule)}
.hops li:last-child::before{right:calc(100% - 10px)}
.hops li::after{content:"";position:absolute;left:0;top:1px;width:8px;height:8px;border-radius:50%;border:2px solid var(--panel);background:var(--text);box-sizing:content-box}
.hops .not-reached::after{background:var(--panel);width:6px;height:6px;border:2px solid var(--quiet);margin:1px}
.hops span{display:block}
.hop-time{font-size:1rem;font-weight:650;color:var(--text)}
.not-reached .hop-time{font-weight:400;font-size:.875rem;color:var(--quiet)}
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
.hops{grid-template-columns:1fr;margin:14px 0 0}
.hops li{padding:0 0 12px 22px;display:grid;grid-template-columns:8.5em minmax(0,1fr);gap:0 8px}
.hops li>:nth-child(n+3){grid-column:2}
.hops li::before,.hops li:last-child::before{left:5px;right:auto;top:10px;bottom:-8px;border-top:0;border-left:2px solid var(--rule)}
.hops li:last-child::before{display:none}
.hops li::after{top:5px}
.hops li:last-child{padding-bottom:0}
.hop-time{font-size:.875rem}
.evidence>div{grid-template-columns:1fr}
.events{padding:6px 14px}
.event{grid-template-columns:1fr;padding:5px 0}
.event time{justify-content:flex-start}
.versions dl>div{grid-template-columns:7.5em minmax(0,1fr)}
}`;
