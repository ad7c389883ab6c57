/**
 * Decides for every link of one parsed file whether it leads somewhere. All knowledge of the disk comes through a {@link FileTree}, so that it is tested without one.
 * What is broken on GitHub is broken here, on every operating system: names are compared exactly, and anchors are those that GitHub makes.
 */
import { limits, type BrokenLink } from '../check-report.js'
import { classifyLink, type LinkTarget } from './classify-link.js'
import type { ParsedMarkdown } from './parse-markdown.js'

/** Paths are relative to the top folder, which is `.`. */
export interface FileTree {
  /** `similar`: an entry whose name differs only in case. */
  find(path: string): Promise<{ readonly type: 'file' | 'directory' } | { readonly type: 'missing'; readonly similar?: string | undefined }>
  /** Undefined: not a Markdown text, so nothing is known of its anchors. */
  anchorsOf(path: string): Promise<ReadonlySet<string> | undefined>
}

export interface LinkCheck {
  readonly links: number
  readonly external: number
  readonly broken: readonly BrokenLink[]
}

type LocalTarget = Extract<LinkTarget, { kind: 'local' }>

/** `file` is the path of the parsed file in the tree. */
export async function checkLinks(parsed: ParsedMarkdown, file: string, tree: FileTree): Promise<LinkCheck> {
  const broken: BrokenLink[] = parsed.undefinedReferences.map(({ label, line }) => ({ line, target: `[${label}]`, reason: 'the reference is not defined' }))
  let external = 0
  for (const { target, line } of parsed.links) {
    const place = classifyLink(target, file)
    if (place.kind === 'external') external++
    else {
      const reason = place.kind === 'invalid' ? place.reason : await problemOf(place, file, parsed, tree)
      if (reason !== undefined) broken.push({ line, target: shorten(target), reason })
    }
  }
  broken.sort((a, b) => a.line - b.line)
  return { links: parsed.links.length + parsed.undefinedReferences.length - external, external, broken }
}

async function problemOf(target: LocalTarget, file: string, parsed: ParsedMarkdown, tree: FileTree): Promise<string | undefined> {
  if (target.path === file && !target.folder) return anchorProblem(target.anchor, parsed.anchors)
  const found = await tree.find(target.path)
  if (found.type === 'missing') return found.similar === undefined ? 'no such file' : `no such file; '${found.similar}' differs in case`
  if (found.type === 'file' && target.folder) return 'is a file, not a folder'
  if (target.anchor === undefined) return undefined
  return anchorProblem(target.anchor, await tree.anchorsOf(found.type === 'file' ? target.path : `${target.path}/README.md`))
}

/** `#`, `#top`, line numbers and text fragments are made by the browser or by GitHub, whatever the file holds. */
const builtInAnchor = /^(?:|top|L\d+(?:C\d+)?(?:-L\d+(?:C\d+)?)?|:~:.*|user-content-fn(?:ref)?-.+)$/

function anchorProblem(anchor: string | undefined, anchors: ReadonlySet<string> | undefined): string | undefined {
  if (anchor === undefined || anchors === undefined || builtInAnchor.test(anchor) || anchors.has(anchor)) return undefined
  const similar = [...anchors].find((each) => each.toLowerCase() === anchor.toLowerCase())
  return similar === undefined ? `no heading '#${shorten(anchor)}'` : `no heading '#${shorten(anchor)}'; '#${similar}' differs in case`
}

function shorten(text: string): string {
  return text.length <= limits.maxTargetLength ? text : `${text.slice(0, limits.maxTargetLength)}…`
}
