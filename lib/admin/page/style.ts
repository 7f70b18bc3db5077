/** The one style sheet: dark and light as the browser is, from 360 pixels up. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8886; --soft: #8882; --accent: light-dark(#0b5cad, #7cb7ff); --bad: light-dark(#b00020, #ff8a8a); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: light-dark(#fff, #14171a); color: light-dark(#1b1f23, #e6e8ea); }
main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
main:focus { outline: none; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin-top: 2rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
nav { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding: .5rem 1rem; border-bottom: 1px solid var(--line); }
nav a[aria-current] { font-weight: 600; text-decoration: none; color: inherit; }
nav form { display: flex; gap: .5rem; align-items: center; }
nav form[role=search] { flex: 1 1 18rem; justify-content: flex-end; }
nav input { flex: 1 1 6rem; min-width: 0; max-width: 18rem; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; }
input, button, select { font: inherit; padding: .3rem .6rem; border: 1px solid var(--line); border-radius: .3rem; background: var(--soft); color: inherit; }
button { cursor: pointer; } button.bad { color: var(--bad); border-color: currentColor; } button.quiet { border-color: transparent; background: none; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .5rem; margin: 0; }
.tiles div { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .75rem; }
.tiles dt { font-size: .85rem; opacity: .8; } .tiles dd { margin: 0; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
.bad { color: var(--bad); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; opacity: .8; padding-bottom: .3rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
td form { display: inline; }
pre { background: var(--soft); padding: .75rem; overflow-x: auto; border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.said { border-left: 4px solid var(--accent); padding-left: .75rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .5rem; }
.charts figure { margin: 0; border: 1px solid var(--line); border-radius: .4rem; padding: .5rem; }
.charts svg { display: block; width: 100%; height: 3rem; } .charts polyline { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; }
.ladder { width: 100%; max-width: 48rem; height: auto; }
.ladder line, .ladder path { stroke: currentColor; } .ladder text { fill: currentColor; font: 13px system-ui, sans-serif; } .ladder .life { opacity: .4; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.login { max-width: 22rem; } .login input { width: 100%; margin: .25rem 0 .75rem; }
@media (max-width: 30rem) { main { padding: .75rem; } nav { padding: .5rem .75rem; } th, td { padding: .35rem .4rem; } }
`;
