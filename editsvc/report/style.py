"""The style sheet of the HTML report.

Blue and orange are those of Okabe and Ito ("Color Universal Design", 2008), which people with any kind of
colour vision tell apart, darkened or lightened for a contrast of at least 4.5 to 1 with the background if
they are text.
"""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1b1f24;--soft:#57606a;--edge:#d8dce1;
--a:#0a6bb0;--b:#b84a00;--c:#8a929b;--good:#0a6bb0;--bad:#b84a00;--loss:#b84a0012}
@media (prefers-color-scheme:dark){:root{--bg:#111418;--card:#191d22;--ink:#e8eaed;--soft:#a3adb8;--edge:#343b43;
--a:#62b6ee;--b:#f0a13a;--c:#7d8792;--good:#62b6ee;--bad:#f0a13a;--loss:#f0a13a14}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.2rem;max-width:74rem;background:var(--bg);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.kicker{margin:0;color:var(--soft);font-size:.9rem}
h1{margin:.4rem 0 1rem;padding-left:.9rem;border-left:.35rem solid var(--c);max-width:58rem;
font-size:clamp(1.15rem,2.6vw,1.55rem);line-height:1.35;font-weight:650}
h1.keep-predicting,h1.keep-predicting-modelled{border-color:var(--good)}
h1.stop-predicting,h1.stop-predicting-modelled{border-color:var(--bad)}
.evidence{max-width:58rem;margin:-.5rem 0 1rem;padding-left:1.25rem;color:var(--soft)}
.also{max-width:46rem;margin:.4rem 0;color:var(--ink)}.also::before{content:"• ";color:var(--soft)}
h2{margin:0 0 .5rem;font-size:1rem;font-weight:650}
main{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem;margin-top:1.2rem}
.tiles,.block{grid-column:1/-1}
.tiles{display:grid;grid-template-columns:repeat(5,minmax(0,1fr));gap:1rem}
.tile,figure,.block{margin:0;padding:.9rem 1rem;background:var(--card);border:1px solid var(--edge);border-radius:.6rem}
.tile h2{margin:0;font-size:.85rem;color:var(--soft);font-weight:500}.tile p{margin:0}
.value{font-size:1.55rem;font-weight:650;font-variant-numeric:tabular-nums}
.spread,.of,figcaption,.block p,footer,summary{font-size:.85rem;color:var(--soft)}
.block p{margin:0 0 .6rem}.block p:last-child{margin:0}.scroll+.scroll{margin-top:1rem}figcaption{margin:.3rem 0 .5rem}
.plot{display:block;width:100%;max-width:44rem;margin:0 auto;height:auto;font-size:12px}
figure:last-of-type:nth-of-type(odd){grid-column:1/-1}
.plot text{fill:var(--ink)}.plot .tick,.plot .small{fill:var(--soft)}.plot .small{font-size:11px}
.plot .grid{stroke:var(--edge);stroke-width:1}.plot .zero{stroke:var(--soft);stroke-width:1.2}
.plot .loss{fill:var(--loss)}
.a{--hue:var(--a)}.b{--hue:var(--b)}.c{--hue:var(--c)}
.plot .fill{fill:var(--hue)}.plot rect.b.fill{stroke:var(--card);stroke-width:.6}
.plot .band{fill:var(--hue);fill-opacity:.2}
.plot .line{fill:none;stroke:var(--hue);stroke-width:2;stroke-linejoin:round}.plot .b.line{stroke-dasharray:6 3}
.plot .median{stroke:var(--hue);stroke-width:1.5;stroke-dasharray:2 3}.plot .whisker{stroke:var(--hue);stroke-width:1.5}
.plot .dot{fill:var(--hue);stroke:var(--card);stroke-width:1}
.plot .dash0{stroke-dasharray:none;stroke-width:1.5}.plot .dash1{stroke-dasharray:7 4;stroke-width:1.5}
.plot .dash2{stroke-dasharray:2 4;stroke-width:1.5}
.plot .leader{stroke:var(--soft);stroke-width:.8}
.plot .name{font-weight:600;paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
summary{cursor:pointer;padding:.2rem 0}
.scroll{overflow-x:auto;background:linear-gradient(90deg,var(--card) 40%,transparent) 0/3rem 100% no-repeat local,
linear-gradient(-90deg,var(--card) 40%,transparent) 100%/3rem 100% no-repeat local,
linear-gradient(90deg,var(--edge),transparent) 0/1rem 100% no-repeat scroll,
linear-gradient(-90deg,var(--edge),transparent) 100%/1rem 100% no-repeat scroll}
table{border-collapse:collapse;width:100%;font-size:.85rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .55rem;text-align:right;border-bottom:1px solid var(--edge);white-space:nowrap}
th{font-weight:600}thead th{color:var(--soft);font-weight:500}th[scope=row],th:first-child{text-align:left}
footer{margin-top:1.2rem;max-width:46rem}
dt{float:left;clear:left;margin-right:.4rem;font-weight:600}dt::after{content:":"}dd{margin:0 0 .2rem}
:focus-visible{outline:2px solid var(--a);outline-offset:2px}
@media (max-width:60rem){.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}
.tile:last-child:nth-child(odd){grid-column:1/-1}}
@media (max-width:44rem){body{padding:.8rem}main{grid-template-columns:minmax(0,1fr)}
.tile,figure,.block{padding:.7rem .8rem}th[scope=row]{white-space:normal}}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--edge:#bbb;--a:#0a6bb0;--b:#b84a00;
--c:#777}body{max-width:none;padding:0;font-size:11pt}figure,.tile,.block{break-inside:avoid}.scroll{overflow:visible}}
"""
