/**
 * A link's target as text → where it leads: another host, a place in this repository, or nowhere. Pure.
 * Invariant: the path of a local target is decoded, uses `/`, and is relative to the top folder; it never begins with `..`.
 */
import { posix } from 'node:path'

export type LinkTarget =
  | { readonly kind: 'external' }
  | { readonly kind: 'invalid'; readonly reason: string }
  | {
      readonly kind: 'local'
      readonly path: string
      /** Ends in `/`, so that only a folder will do. */
      readonly folder: boolean
      /** Undefined: the target as a whole. */
      readonly anchor: string | undefined
    }

/** Pages of a GitHub repository that are no files: `../../issues` is the customary way to link to them. */
const repositoryPages = /^(?:\.\.\/)+(?:issues|pulls?|releases|wiki|actions|discussions|tags|commits?|compare|labels|milestones|projects|security)(?:\/|$)/

/** `file` is the path of the file with the link, relative to the top folder: what `/path` in a link is relative to, and what no link may leave. */
export function classifyLink(target: string, file: string): LinkTarget {
  if (target === '') return { kind: 'invalid', reason: 'the link has no target' }
  if (/^(?:file:|[a-z]:[\\/])/i.test(target)) return { kind: 'invalid', reason: 'leads to a place on one machine' }
  if (/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(target)) return { kind: 'external' }
  const [beforeAnchor = '', anchor] = splitAt(target, '#')
  const [encodedPath = ''] = splitAt(beforeAnchor, '?')
  const path = decode(encodedPath)
  const decodedAnchor = anchor === undefined ? undefined : decode(anchor)
  if (path === undefined || (anchor !== undefined && decodedAnchor === undefined)) return { kind: 'invalid', reason: 'its %-encoding is not valid' }
  return locate(path, decodedAnchor, file)
}

function locate(path: string, anchor: string | undefined, file: string): LinkTarget {
  if (path === '') return { kind: 'local', path: file, folder: false, anchor }
  const joined = posix.normalize(path.startsWith('/') ? path.slice(1) || '.' : posix.join(posix.dirname(file), path))
  if (joined === '..' || joined.startsWith('../')) {
    return repositoryPages.test(path) ? { kind: 'external' } : { kind: 'invalid', reason: 'leads out of the checked folder and its repository' }
  }
  return { kind: 'local', path: joined.replace(/\/$/, ''), folder: joined.endsWith('/'), anchor }
}

/** Text before and after the first `separator`. */
function splitAt(text: string, separator: string): [string, string | undefined] {
  const index = text.indexOf(separator)
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)]
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
