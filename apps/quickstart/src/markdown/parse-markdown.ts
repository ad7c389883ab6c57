/**
 * Markdown text → its links, anchors and number of words. Pure: no file is touched.
 * The dialect is GitHub's: CommonMark with tables, footnotes and bare links, front matter, and the anchors GitHub gives to headings.
 * Code blocks, code spans and comments hold no links; HTML does.
 */
import GithubSlugger from 'github-slugger'
import type { Heading, Html, Nodes, Root, Text } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { toString } from 'mdast-util-to-string'
import { frontmatter } from 'micromark-extension-frontmatter'
import { gfm } from 'micromark-extension-gfm'
import { visit } from 'unist-util-visit'
import { parseHtml } from './parse-html.js'

export interface MarkdownLink {
  /** As written, entities decoded: `../guide.md#install`. */
  readonly target: string
  readonly line: number
}

export interface ParsedMarkdown {
  readonly links: readonly MarkdownLink[]
  /** Labels of `[text][label]` without a definition: they show up as plain text. */
  readonly undefinedReferences: readonly { readonly label: string; readonly line: number }[]
  readonly anchors: ReadonlySet<string>
  readonly words: number
}

const frontMatterKinds: ('yaml' | 'toml')[] = ['yaml', 'toml']
const syntax = { extensions: [gfm(), frontmatter(frontMatterKinds)], mdastExtensions: [gfmFromMarkdown(), frontmatterFromMarkdown(frontMatterKinds)] }
/** A fixed language, so that every machine counts the same; it splits by the rules of Unicode, which also cover scripts without spaces. */
const wordSegmenter = new Intl.Segmenter('en', { granularity: 'word' })

export function parseMarkdown(text: string): ParsedMarkdown {
  const root = fromMarkdown(text, syntax)
  const reader = new MarkdownReader(text, definitionsOf(root))
  visit(root, (node) => reader.read(node))
  return reader
}

/** Target of each `[label]: target`; of several with one label the first counts. */
function definitionsOf(root: Root): ReadonlyMap<string, string> {
  const targets = new Map<string, string>()
  visit(root, 'definition', (node) => {
    if (!targets.has(node.identifier)) targets.set(node.identifier, node.url)
  })
  return targets
}

/** Collects in document order, which is what numbers equal headings: `#setup`, `#setup-1`. */
class MarkdownReader implements ParsedMarkdown {
  readonly links: MarkdownLink[] = []
  readonly undefinedReferences: { label: string; line: number }[] = []
  readonly anchors = new Set<string>()
  words = 0
  readonly #slugger = new GithubSlugger()

  constructor(
    readonly source: string,
    readonly definitions: ReadonlyMap<string, string>,
  ) {}

  read(node: Nodes): void {
    switch (node.type) {
      case 'link':
      case 'image':
        this.links.push({ target: node.url, line: lineOf(node) })
        break
      case 'linkReference':
      case 'imageReference':
        this.links.push({ target: this.definitions.get(node.identifier) ?? '', line: lineOf(node) })
        break
      case 'heading':
        this.#heading(node)
        break
      case 'html':
        this.#html(node)
        break
      case 'text':
        this.#text(node)
        break
      case 'inlineCode':
        this.words += countWords(node.value)
        break
    }
  }

  #heading(node: Heading): void {
    this.anchors.add(this.#slugger.slug(toString(node, { includeImageAlt: false, includeHtml: false })))
  }

  #html(node: Html): void {
    const html = parseHtml(node.value)
    for (const link of html.links) this.links.push({ target: link.target, line: lineOf(node) + link.line })
    for (const id of html.ids) this.anchors.add(id)
    for (const heading of html.headings) this.anchors.add(this.#slugger.slug(heading))
  }

  #text(node: Text): void {
    this.words += countWords(node.value)
    if (!node.value.includes('][')) return
    // The source instead of the value: only there an escaped `\[` can be told from a bracket.
    const source = this.source.slice(node.position?.start.offset, node.position?.end.offset)
    for (const match of source.matchAll(/(?<![\\\w\]!])\[[^[\]\\]+\]\[([^[\]\\^]+)\]/g)) {
      const line = lineOf(node) + (source.slice(0, match.index).split('\n').length - 1)
      this.undefinedReferences.push({ label: (match[1] as string).trim(), line })
    }
  }
}

function lineOf(node: Nodes): number {
  return node.position?.start.line ?? 1
}

function countWords(text: string): number {
  let count = 0
  for (const segment of wordSegmenter.segment(text)) if (segment.isWordLike === true) count++
  return count
}
