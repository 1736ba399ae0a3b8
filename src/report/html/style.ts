/** How a report looks: light and dark, on a phone, and on paper. Colours of drawings stand as attributes in them, and are matched by these. */
export const style = `
:root{color-scheme:light dark;--ink:#1d1f23;--faint:#5c6068;--ground:#ffffff;--raised:#f4f5f7;--line:#d6d9de;--blue:#1f6fb4;--red:#b3273c;--link:#0b5a9c}
@media (prefers-color-scheme:dark){:root{--ink:#e9eaed;--faint:#a9aeb8;--ground:#16181c;--raised:#22252b;--line:#3a3f48;--blue:#6cb2ee;--red:#ff8b98;--link:#8cc4f5}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
header,main,footer{max-width:66rem;margin:0 auto;padding:0 1rem}
h1{font-size:1.6rem;margin:1.2rem 0 .3rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.2rem 0 .4rem;overflow-wrap:anywhere}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:0;list-style:none;margin:.4rem 0}
nav a{display:inline-block;padding:.25rem 0}
.skip{position:absolute;left:-100rem}.skip:focus{position:static}
.answer{font-size:1.4rem;line-height:1.35;margin:.6rem 0}
.warnings{background:var(--raised);border-left:4px solid var(--red);padding:.6rem 1rem .6rem 2rem;margin:1rem 0}
.warnings li,.names li{overflow-wrap:anywhere}
table{border-collapse:collapse}
caption{text-align:left;color:var(--faint);padding:.2rem 0}
caption:not(.unseen){min-width:min(18rem,75vw);max-width:calc(100vw - 2rem)}
th,td{padding:.25rem .6rem;text-align:left;vertical-align:top}
th{font-weight:600}
.facts th{font-weight:400;color:var(--faint);padding-left:0}.facts td{overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.figures td{white-space:nowrap}
.numbers td{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.numbers thead th{border-bottom:1px solid var(--line);text-align:right}.numbers thead th:first-child{text-align:left}
.numbers.pairs td:nth-child(2),.numbers.pairs thead th:nth-child(2){text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:6rem}
.numbers tfoot td,.numbers tfoot th{border-top:1px solid var(--line)}
.numbers tbody th,.numbers tfoot th{overflow-wrap:anywhere;min-width:6rem}
.scroll{overflow-x:auto;max-width:100%}
.matrix td{text-align:center;padding:0;min-width:2.6rem;height:2.2rem;vertical-align:middle;border:1px solid var(--line);font-variant-numeric:tabular-nums}
.matrix thead td{border:0}
.matrix thead th{vertical-align:bottom;padding:.3rem}
.matrix thead span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:14rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-weight:400}
.matrix tbody th{text-align:right;font-size:.9em;padding:.25rem .4rem;min-width:7.5rem;vertical-align:middle;max-width:16rem;overflow-wrap:anywhere;font-weight:400}
.matrix td a{display:flex;align-items:center;justify-content:center;width:100%;height:100%;min-height:2.2rem;color:var(--ink);text-decoration:none}
.matrix td a:hover{text-decoration:underline}
.matrix .right{background:color-mix(in srgb,var(--blue) calc(var(--share)*.4),transparent)}
.matrix .wrong{background:color-mix(in srgb,var(--red) calc(10% + var(--share)*.3),transparent)}
.matrix .none{color:var(--faint)}
.cell{display:none;background:var(--raised);padding:.2rem 1rem 1rem;margin:1rem 0}
.cell:target{display:block}
.photos,.large{display:grid;gap:1rem;padding:0;list-style:none}
.photos{grid-template-columns:repeat(auto-fill,minmax(7rem,1fr))}
.large{grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:1.5rem}
.photos li,.large li{min-width:0;font-size:.85rem;overflow-wrap:anywhere}
.photos img{display:block;width:100%;height:6.5rem;object-fit:contain;background:var(--raised)}
.photos span{display:block}
.path{color:var(--faint);overflow-wrap:anywhere}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:4px}.pair img{width:100%;aspect-ratio:1;object-fit:contain;background:var(--raised)}
.large p{margin:.4rem 0}
.bars{width:100%;font-size:.85rem}.bars th{font-weight:400;width:40%;padding:.1rem .4rem .1rem 0;overflow-wrap:anywhere}.bars td{padding:.1rem 0;vertical-align:middle}
.bars td:last-child{width:4.5rem;text-align:right;font-variant-numeric:tabular-nums}
.bar{display:block;height:.7rem;background:var(--blue);min-width:1px}.truth th{font-weight:700}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}
.plot{margin:0;max-width:34rem}.plot svg{width:100%;height:auto;display:block}
.plot svg [fill="#ffffff"]{fill:transparent}
.plot svg [fill="#222222"],.plot svg text{fill:var(--ink)}.plot svg [stroke="#222222"]{stroke:var(--ink)}
.plot svg [fill="#8a8a8a"]{fill:var(--faint)}.plot svg [stroke="#8a8a8a"]{stroke:var(--faint)}
.plot svg [stroke="#e4e4e4"]{stroke:var(--line)}
.plot svg [fill="#1f6fb4"]{fill:var(--blue)}.plot svg [stroke="#1f6fb4"]{stroke:var(--blue)}
.plot svg [fill="#d1495b"]{fill:var(--red)}.plot svg [stroke="#d1495b"]{stroke:var(--red)}
details{margin:.8rem 0}summary{cursor:pointer;padding:.25rem 0}
code{background:var(--raised);padding:.1rem .3rem;overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:.9em}
.commands li{margin:.3rem 0}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{color:var(--faint);margin:3rem auto 2rem}
@page{margin:14mm 12mm}
@media print{:root{color-scheme:light;--ink:#000;--faint:#444;--ground:#fff;--raised:#fff;--line:#999;--blue:#1f6fb4;--red:#b3273c;--link:#000}
nav,.skip{display:none}body{font-size:11pt}header,main,footer{max-width:none;padding:0}
h2,h3,h2+p,h3+p,h2+p+p,summary,caption{break-after:avoid}p,li,figure,tr,.matrix{break-inside:avoid}tfoot{display:table-row-group}.scroll{overflow:visible}
.bars,.path{font-size:8pt}.plots{grid-template-columns:1fr 1fr}.large{grid-template-columns:repeat(3,1fr);gap:1rem}
table.numbers,caption{font-size:9pt}caption:not(.unseen){max-width:none}.numbers th,.numbers td{padding:.12rem .35rem}
.matrix.many{table-layout:fixed;width:100%;font-size:clamp(6pt,110pt/var(--classes),10pt)}.many .corner{width:7rem}
.many tbody th,.many td{min-width:0}.many td,.many td a{height:1.5em;min-height:0}.many th,.many thead th{padding:1px 3px}
details.figures::details-content{content-visibility:visible;block-size:auto}details.samples:not([open]){display:none}
.matrix td,.bar{-webkit-print-color-adjust:exact;print-color-adjust:exact}.cell,.cell:target{display:none}}
`;
