/** Something that a browser would act on, if a page took text for markup. `mark` is unique in it. */
export interface Payload {
  mark: string
  text: string
}

const run = 'top.__ran=1'

/** Each has `x-probe`, a handler or an address that shows where it became part of the document. */
const seeds = [
  `<script>${run}</script>`,
  `<script src=//127.0.0.1:1/x.js></script>`,
  `<script type=module>import "data:text/javascript,${run}"</script>`,
  `<img src=x onerror=${run}>`,
  `<img src=x onerror="${run}" `,
  `<svg onload=${run}>`,
  `<svg><script>${run}</script></svg>`,
  `<svg><animate onbegin=${run} attributeName=x dur=1s>`,
  `<svg><use href="data:image/svg+xml,<svg id=x onload=${run}>#x"></svg>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${run}>`,
  `<math href="javascript:${run}">x</math>`,
  `<iframe srcdoc="<script>${run}</script>"></iframe>`,
  `<iframe src="javascript:${run}"></iframe>`,
  `<object data="data:text/html,<script>${run}</script>"></object>`,
  `<embed src="javascript:${run}">`,
  `<base href=//127.0.0.1:1/>`,
  `<meta http-equiv=refresh content="0;url=javascript:${run}">`,
  `<meta http-equiv=Content-Security-Policy content="default-src *">`,
  `<link rel=stylesheet href=//127.0.0.1:1/x.css>`,
  `<style>*{background:url(//127.0.0.1:1/)}</style>`,
  `<style>@import "//127.0.0.1:1/";</style>`,
  `<form action=javascript:${run}><button>x</button></form>`,
  `<button formaction=javascript:${run}>x</button>`,
  `<input autofocus onfocus=${run}>`,
  `<details open ontoggle=${run}>x</details>`,
  `<dialog open onclose=${run}><x-probe>`,
  `<video><source onerror=${run}></video>`,
  `<audio src=x onerror=${run}>`,
  `<marquee onstart=${run}>x</marquee>`,
  `<body onload=${run}>`,
  `<a href="javascript:${run}">x</a>`,
  `<a href="java\tscript:${run}">x</a>`,
  `<a href="data:text/html,<script>${run}</script>">x</a>`,
  `<template><script>${run}</script></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${run}>">`,
  `<textarea></textarea><img src=x onerror=${run}>`,
  `<title></title><img src=x onerror=${run}>`,
  `<select><option><img src=x onerror=${run}></select>`,
  `<x-probe>x</x-probe>`,
  `<x-probe onclick=${run} tabindex=1 id=root>`,
  `javascript:${run}`,
  `javascript:/*--></title></style></textarea></script><svg onload=${run}>*/`,
  `vbscript:${run}`,
  `data:text/html,<script>${run}</script>`,
  `https://example.com/"onmouseover="${run}`,
  `https://example.com/'onmouseover='${run}`,
  `https://example.com/<img src=x onerror=${run}>`,
  `//example.com/${run}`,
  `\${${run}}`,
  `{{constructor.constructor('${run}')()}}`,
  `{"__html":"<img src=x onerror=${run}>"}`,
  `{"dangerouslySetInnerHTML":{"__html":"<x-probe>"}}`,
  `__proto__[onerror]=${run}`,
  `&lt;img src=x onerror=${run}&gt;`,
  `&#60;script&#62;${run}&#60;/script&#62;`,
  `%3Cscript%3E${run}%3C/script%3E`,
  `\\u003cscript\\u003e${run}\\u003c/script\\u003e`,
  `＜script＞${run}＜/script＞`,
  `\u{e0000}<img\u{a0}src=x\u{a0}onerror=${run}>`,
  `\u{202e}<img src=x onerror=${run}>`,
]

/** Ways out of where a careless page would have put the text. */
const wraps: ((text: string) => string)[] = [
  (text) => text,
  (text) => `">${text}`,
  (text) => `'>${text}`,
  (text) => `"'\`>${text}<!--`,
  (text) => `-->${text}`,
  (text) => `]]>${text}`,
  (text) => `</script>${text}`,
  (text) => `</style></title></textarea>${text}`,
  (text) => `*/${text}//`,
  (text) => `";${run};//${text}`,
]

/** Escape sequences that a log may have: colours in the middle of a tag, links with any target. */
const sequences: ((text: string) => string)[] = [
  (text) => text.replace('<', '<\x1b[31m').replace('=', '\x1b[0m='),
  (text) => `\x1b]8;;javascript:${run}\x1b\\${text}\x1b]8;;\x1b\\`,
  (text) => `\x1b]8;;${text}\x07here\x1b]8;;\x07`,
  (text) => `\x1b]0;${text}\x07\x1b[2J${text}`,
]

const upper = (text: string) => text.replace(/<\/?[a-z-]+/g, (tag) => tag.toUpperCase())
const slashed = (text: string) => text.replace(/<([a-z-]+) /g, '<$1/')
const shapes = [
  (text: string) => text,
  upper,
  slashed,
  (text: string) => text.repeat(2),
  (text: string) => `${text}\u{0}`,
]

/** 3,000, each another. */
export const payloads = (): Payload[] => {
  const all: Payload[] = []
  for (const shape of shapes)
    for (const wrap of wraps)
      for (const seed of seeds) {
        const mark = `m${all.length}m`
        all.push({ mark, text: `${mark} ${wrap(shape(seed))}` })
      }
  return all
}

export const inLog = ({ mark, text }: Payload, number: number): string => {
  const sequence = sequences[number % (sequences.length + 1)]
  return sequence ? `${mark} ${sequence(text)}` : text
}
