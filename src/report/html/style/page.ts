// The page itself: type, headline, badges, sections, print.

import { dark, declarations, light } from './palette.ts';

export const pageStyle = `
:root{color-scheme:light dark;${declarations(light)}
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
@media (prefers-color-scheme:dark){:root{${declarations(dark)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 var(--sans);overflow-wrap:anywhere}
main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}
h1,h2,h3,p,dl,dd,ol,ul,figure{margin:0;padding:0}
ol,ul{list-style:none}
code,pre{font-family:var(--mono);font-size:.84em}
section,.fold,.versions{margin-top:44px}
h2{font-size:1.15rem;line-height:1.3;font-weight:650;letter-spacing:-.005em;margin-bottom:14px}
h3{font-size:1rem;line-height:1.4;font-weight:650}
.aside,.labels{color:var(--quiet);font-size:.875rem;font-weight:400}
.none{color:var(--quiet)}
time{font-variant-numeric:tabular-nums;white-space:nowrap}
.patterns{position:absolute}
.eyebrow{display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline;color:var(--quiet);font-size:.875rem}
.brand{font-weight:650;color:var(--text);white-space:nowrap}
.flame{vertical-align:-2px}
.flame path{fill:var(--flame)}
.question{margin-top:30px;font-size:1.0625rem;color:var(--quiet)}
h1{margin-top:6px;font-size:clamp(1.45rem,1.05rem + 1.9vw,2.1rem);line-height:1.25;font-weight:650;letter-spacing:-.015em;text-wrap:pretty;max-width:34em}
.quoted{margin-top:12px;padding:10px 14px;border:1px solid var(--rule);border-radius:8px;background:var(--panel);color:var(--quiet);font-size:.8125rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
.badges{display:flex;flex-wrap:wrap;gap:12px;margin-top:24px}
.badge{display:flex;align-items:baseline;gap:10px;padding:8px 16px;border-radius:10px;border:1px solid currentcolor}
.badge-name{font-size:.875rem;color:var(--text)}
.badge-word{font-weight:700;font-size:1.0625rem}
.badge.tone-good,.word.tone-good{color:var(--good);background:var(--good-ground)}
.badge.tone-bad,.word.tone-bad{color:var(--bad);background:var(--bad-ground)}
.badge.tone-unsure,.word.tone-unsure{color:var(--unsure);background:var(--unsure-ground)}
.badge.tone-warn,.word.tone-warn{color:var(--warn);background:var(--warn-ground)}
.badge.tone-plain,.word.tone-plain{color:var(--quiet);background:var(--panel)}
.word{display:inline-block;padding:1px 9px;border-radius:7px;font-size:.8125rem;font-weight:650;line-height:1.55;white-space:nowrap}
.word.tone-plain{box-shadow:inset 0 0 0 1px var(--rule)}
.facts{display:flex;flex-wrap:wrap;gap:14px 40px;margin-top:26px}
.facts dt{font-size:.8125rem;color:var(--quiet)}
.facts dd{font-size:.9375rem}
.facts strong{font-weight:650;font-size:1.0625rem}
.when{margin-top:22px;font-size:.875rem;color:var(--quiet)}
.fold summary{cursor:pointer;list-style-position:outside}
.fold summary h2{display:inline;margin:0}
.fold[open] summary{margin-bottom:14px}
:focus-visible{outline:2px solid var(--measured);outline-offset:3px;border-radius:4px}
@media screen and (max-width:640px){
main{padding:24px 16px 48px}
section,.fold,.versions{margin-top:36px}
.question{margin-top:22px;font-size:1rem}
.badges{gap:8px}
.badge{flex:1 1 140px;padding:8px 12px;flex-direction:column;gap:0}
.facts{display:grid;grid-template-columns:1fr 1fr;gap:14px 20px}
}`;
