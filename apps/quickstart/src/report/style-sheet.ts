/** The look of `report.html`: light and dark by the reader's setting, wide tables scroll by themselves. */
export const styleSheet = `
:root { color-scheme: light dark; --text: #1f2328; --dim: #59636e; --line: #d1d9e0; --back: #fff; --stripe: #f6f8fa; --good: #1a7f37; --bad: #cf222e; --link: #0969da }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --dim: #9198a1; --line: #3d444d; --back: #0d1117; --stripe: #151b23; --good: #3fb950; --bad: #f85149; --link: #4493f8 }
}
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 70rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
h1 { margin: 0 0 1rem; font-size: 1.6rem }
h2 { margin: 2.25rem 0 .6rem; font-size: 1.15rem }
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
.verdict { display: inline-block; margin: 0; padding: .3rem .8rem; border-radius: .4rem; color: #fff; font-weight: 600 }
.verdict.good { background: #1a7f37 }
.verdict.bad { background: #cf222e }
.extent { margin: .8rem 0 0; color: var(--dim) }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem }
table { width: 100%; border-collapse: collapse; font-size: .93rem }
th, td { padding: .4rem .75rem; text-align: left; vertical-align: top }
th { border-bottom: 1px solid var(--line); color: var(--dim); font-weight: 600; white-space: nowrap }
tbody tr:nth-child(even) { background: var(--stripe) }
td:first-child { min-width: 11rem; overflow-wrap: anywhere }
td.hash { white-space: nowrap }
.number { width: 1%; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.number.bad { color: var(--bad); font-weight: 600 }
code { font: .88em ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere }
tr.note td { color: var(--dim) }
`
