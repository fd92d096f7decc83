// The page's style. Colours keep apart for colour-blind readers (blue and vermilion of Okabe and Ito for the
// two curves), and a verdict is always a shape and a word besides its colour.
#include "report/fragments.h"

namespace plumb::report {
namespace {

constexpr const char* kLight =
    "--paper:#ffffff;--ink:#15191e;--soft:#59626d;--rule:#dde2e7;--wash:#f5f7f9;--pass:#0a6b4c;--refuse:#"
    "b02a1a;"
    "--open:#8a5700;--calm:#1f5190;--none:#59626d;--goal:#0069a8;--proxy:#c4500c;--harm:#b02a1a";
constexpr const char* kDark =
    "--paper:#13161a;--ink:#e8ebee;--soft:#a0a9b3;--rule:#2d343b;--wash:#1b2025;--pass:#4fc795;--refuse:#"
    "ff8b7b;"
    "--open:#efb54b;--calm:#85b8f7;--none:#a0a9b3;--goal:#5ab7ee;--proxy:#f39156;--harm:#ff8b7b";

constexpr const char* kPage = R"css(
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;
overflow-wrap:anywhere}
main,header.top,footer{max-width:920px;margin:0 auto;padding:0 30px}
h1,h2,h3,p{margin:0}
h2{font-size:1.32rem;line-height:1.25;font-weight:650;letter-spacing:-.01em;margin-bottom:.35rem}
h3{font-size:1.02rem;line-height:1.3;font-weight:650}
.soft{color:var(--soft)}.small{font-size:.86rem;line-height:1.5}
.lead{color:var(--soft);max-width:44em;margin-bottom:1.1rem}
.num{font-variant-numeric:tabular-nums}
header.top{padding-top:26px;padding-bottom:22px;display:flex;gap:8px 24px;justify-content:space-between;
align-items:baseline;flex-wrap:wrap;font-size:.9rem}
header.top .name{font-weight:650}
.brand{display:inline-flex;align-items:baseline;gap:.5em;font-weight:650;letter-spacing:.01em}
.brand svg{height:.95em;width:auto;align-self:center}
section{padding:38px 0 0;break-inside:auto}
section+section{margin-top:38px;border-top:1px solid var(--rule)}
.decision{border-top:6px solid var(--tone);padding:26px 0 0}
.decision .label{font-size:.82rem;color:var(--soft);font-weight:600}
.decision h1{font-size:clamp(2.5rem,8vw,4.2rem);line-height:1.02;letter-spacing:-.03em;font-weight:750;
color:var(--tone);display:flex;align-items:center;gap:.24em;margin:.12em 0 .3em}
.decision h1 svg{width:.74em;height:.74em;flex:none}
.decision .headline{font-size:clamp(1.14rem,2.6vw,1.42rem);line-height:1.4;max-width:34em;letter-spacing:-.006em}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:18px 24px;margin:28px 0 0;padding:0}
.facts dt{font-size:.82rem;color:var(--soft)}
.facts dd{margin:0;font-weight:600;line-height:1.35}
.facts dd small{display:block;font-weight:400;color:var(--soft);font-size:.84rem}
blockquote{margin:28px 0 0;padding:0 0 0 16px;border-left:2px solid var(--rule);color:var(--soft);max-width:44em}
blockquote cite{font-style:normal;display:block;font-size:.86rem;margin-top:.2em}
.cards{display:grid;grid-template-columns:repeat(2,1fr);gap:14px;margin:38px 0 0}
.card{border:1px solid var(--rule);border-top:3px solid var(--tone);border-radius:3px;padding:16px 18px 18px;
break-inside:avoid}
.card .head{display:flex;justify-content:space-between;gap:12px;align-items:center;margin-bottom:.5rem}
.card .stage{font-size:.82rem;color:var(--soft)}
.card p{font-size:.95rem;line-height:1.5;margin-top:.4rem}
.pass{--tone:var(--pass)}.refuse{--tone:var(--refuse)}.open{--tone:var(--open)}.calm{--tone:var(--calm)}
.none{--tone:var(--none)}
.badge{color:var(--tone);font-weight:650;font-size:.86rem;white-space:nowrap;display:inline-flex;gap:.36em;
align-items:center}
.badge svg{width:1.05em;height:1.05em;flex:none}
figure{margin:18px 0 0;break-inside:avoid}
figure svg{display:block;max-width:100%;height:auto}
figure svg.narrow{display:none}
figcaption{font-size:.86rem;line-height:1.5;color:var(--soft);margin-top:10px;max-width:52em}
.proxy+.proxy{margin-top:46px}
.proxy .head{display:flex;gap:4px 14px;align-items:baseline;flex-wrap:wrap;margin-bottom:.3rem}
.tests{display:grid;grid-template-columns:repeat(auto-fit,minmax(185px,1fr));gap:16px 28px;margin:18px 0 0}
.tests dt{font-weight:600;font-size:.92rem}
.tests dd{margin:.1em 0 0;font-size:.9rem;line-height:1.5;color:var(--soft)}
ul.plain{list-style:none;padding:0;margin:0}
ul.plain>li{padding:12px 0;border-top:1px solid var(--rule);break-inside:avoid}
ul.plain>li:first-child{border-top:0;padding-top:2px}
ul.plain .head{display:flex;justify-content:space-between;gap:14px;align-items:baseline}
.need{display:block;margin-top:.2em;font-weight:600;font-size:.92rem}
.table{overflow-x:auto;margin:18px 0 0}
table{border-collapse:collapse;width:100%;font-size:.88rem;line-height:1.4}
th{font-weight:600;color:var(--soft);text-align:left;padding:0 16px 7px 0;vertical-align:bottom;
border-bottom:1px solid var(--ink)}
td{padding:8px 16px 8px 0;vertical-align:top;border-top:1px solid var(--rule)}
tbody:first-of-type>tr:first-child>td{border-top:0}
th:last-child,td:last-child{padding-right:0}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
td.n{white-space:nowrap}
td.note{border-top:0;padding-top:0;color:var(--soft)}
td small{display:block;color:var(--soft);line-height:1.35}
td:first-child{min-width:9.5em}
h2+ul.plain{margin-top:14px}
.table+ul.plain{margin-top:22px}
.estimate{display:block}
.ends{display:block;color:var(--soft);font-size:.93em}
.then{font-weight:650}
.share{display:inline-block;width:5.5em;height:.5em;margin-right:.6em;background:var(--rule);vertical-align:.08em}
.share span{display:block;height:100%;background:var(--goal)}
tr.chosen td:first-child{font-weight:650}
h3.sub{margin:30px 0 0}
details{margin:18px 0 0}
summary{cursor:pointer;font-weight:600;font-size:.92rem;color:var(--calm)}
summary:focus-visible{outline:2px solid var(--calm);outline-offset:3px}
footer{margin-top:44px;padding-top:22px;padding-bottom:60px;font-size:.8rem;line-height:1.55;color:var(--soft)}
footer .inner{border-top:1px solid var(--rule);padding-top:20px}
footer dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px;margin:10px 0 0}
footer dt{color:var(--soft)}footer dd{margin:0;color:var(--ink)}
@media (max-width:640px){
main,header.top,footer{padding-left:20px;padding-right:20px}
.cards{grid-template-columns:1fr}
figure svg.wide{display:none}figure svg.narrow{display:block}
figure.onlywide{display:none}
.table{overflow:visible}
table,tbody,tr,td{display:block;width:100%}
thead{display:none}
tbody{border-top:1px solid var(--rule);padding:10px 0}
tbody:first-of-type{border-top:0;padding-top:0}
td,td.n{display:flex;justify-content:space-between;gap:18px;border:0;padding:2px 0;text-align:right;white-space:normal}
td::before{content:attr(data-label);color:var(--soft);text-align:left;flex:none}
td:first-child{font-weight:650;font-size:.95rem;text-align:left;display:block}
td:first-child::before{content:none}
td:first-child small{font-weight:400}
td.note:first-child{display:block;text-align:left;padding-top:4px;font-weight:400;font-size:.88rem}td.note::before{content:none}
td small{text-align:inherit}
footer dl{grid-template-columns:1fr}footer dd{margin-bottom:6px}
}
@media print{
@page{margin:16mm}
body{font-size:10.5pt}
main,header.top,footer{max-width:none;padding-left:0;padding-right:0}
section{padding-top:20px}section+section{margin-top:20px}
h2,h3{break-after:avoid}
tbody{break-inside:avoid}
figure svg.wide{display:block}figure svg.narrow{display:none}figure.onlywide{display:block}
.cards{grid-template-columns:repeat(2,1fr)}
}
)css";

constexpr const char* kChart =
    ".p text{font-size:12px;fill:var(--ink);font-variant-numeric:tabular-nums}"
    ".p .s{fill:var(--soft)}.p .b{font-weight:650}.p .g{fill:var(--goal)}.p .x{fill:var(--proxy)}"
    ".p .h{fill:var(--harm)}.p text.pass{fill:var(--pass)}.p text.refuse{fill:var(--refuse)}"
    ".p text.open{fill:var(--open)}.p text.none{fill:var(--none)}"
    ".p .grid{stroke:var(--rule);stroke-width:1}.p .zero{stroke:var(--ink);stroke-width:1}"
    ".p .dash{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 3}"
    ".p .dot{stroke:var(--ink);stroke-width:1.4;stroke-dasharray:1.5 3;stroke-linecap:round}"
    ".p .beyond{fill:var(--soft);opacity:.1}.p .peak{fill:var(--goal);opacity:.13}"
    ".p .harmzone{fill:var(--harm);opacity:.09}.p .harmbar{fill:var(--harm)}.p .peakbar{fill:var(--goal)}"
    ".p .bandg{fill:var(--goal);opacity:.2}.p .bandx{fill:var(--proxy);opacity:.2}"
    ".p .lineg,.p .linex{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}"
    ".p .lineg{stroke:var(--goal)}.p .linex{stroke:var(--proxy)}.p .dotg{fill:var(--goal)}.p "
    ".dotx{fill:var(--proxy)}"
    ".p path.grid,.p path.zero,.p path.dot{fill:none}.p .whisk{stroke-width:1.6;stroke:var(--ink)}.p .strong "
    ".whisk{stroke-width:3}"
    ".p .point{fill:var(--ink)}.p .arrow{fill:var(--ink)}.p .faint{opacity:.62}.p .stripe{fill:var(--wash)}"
    ".p .sign{stroke-width:1.7;fill:none;stroke-linecap:round;stroke-linejoin:round}"
    ".p .paper{fill:var(--paper)}.p .ask{fill:var(--wash);stroke:var(--rule)}"
    ".p .leaf{fill:var(--paper);stroke:var(--ink)}.p .way{fill:none;stroke:var(--soft);stroke-width:1.3}"
    ".p .track{fill:var(--rule)}.p .part{fill:var(--goal)}";

}  // namespace

std::string colour_variables(std::string_view selector) {
  const std::string s(selector);
  return s + "{" + kLight + "}@media (prefers-color-scheme:dark){" + s + "{" + kDark + "}}@media print{" + s +
         "{" + kLight + "}}";
}

std::string chart_style() { return kChart; }

std::string style_sheet() {
  return ":root{color-scheme:light dark}" + colour_variables(":root") + kPage + kChart;
}

}  // namespace plumb::report
