/** The links, ids and headings in a piece of HTML as it stands in Markdown: often a single tag, often not closed. Lines count from 0. */
import { Parser } from 'htmlparser2'

export interface ParsedHtml {
  readonly links: readonly { readonly target: string; readonly line: number }[]
  /** Values of `id`, and of `name` on anchors. */
  readonly ids: readonly string[]
  /** Texts of `<h1>` to `<h6>`: GitHub gives them anchors as well. */
  readonly headings: readonly string[]
}

const headingTag = /^h[1-6]$/

export function parseHtml(html: string): ParsedHtml {
  const links: { target: string; line: number }[] = []
  const ids: string[] = []
  const headings: string[] = []
  let heading: string | undefined
  const parser = new Parser({
    onopentag(tag, attributes) {
      const line = html.slice(0, parser.startIndex).split('\n').length - 1
      for (const target of targetsOf(tag, attributes)) links.push({ target, line })
      if (attributes['id'] !== undefined) ids.push(attributes['id'])
      if (tag === 'a' && attributes['name'] !== undefined) ids.push(attributes['name'])
      if (headingTag.test(tag)) heading = ''
    },
    ontext(text) {
      if (heading !== undefined) heading += text
    },
    onclosetag(tag) {
      if (!headingTag.test(tag) || heading === undefined) return
      headings.push(heading.trim().replace(/\s+/g, ' '))
      heading = undefined
    },
  })
  parser.end(html)
  return { links, ids, headings }
}

function targetsOf(tag: string, attributes: Readonly<Record<string, string>>): string[] {
  const targets: string[] = []
  const { href, src, srcset } = attributes
  if (tag === 'a' && href !== undefined) targets.push(href)
  if (src !== undefined && ['img', 'source', 'video', 'audio'].includes(tag)) targets.push(src)
  if (srcset !== undefined && ['img', 'source'].includes(tag)) targets.push(...srcset.split(',').map((each) => each.trim().split(/\s/)[0] ?? ''))
  return targets.map((target) => target.trim())
}
