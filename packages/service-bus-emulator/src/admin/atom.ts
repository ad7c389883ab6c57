/** Entries, feeds and errors of the administration API as XML. */
import type { Queue } from '../broker/queue.js'
import { escapeXml, serviceBusNamespace, writeDescription } from './queue-description.js'

const atomNamespace = 'http://www.w3.org/2005/Atom'

/** `baseUrl` ends without a slash. */
export function queueEntry(baseUrl: string, queue: Queue): string {
  const path = queue.name.split('/').map(encodeURIComponent).join('/')
  const created = new Date(queue.createdAtMs).toISOString()
  return `<entry xmlns="${atomNamespace}"><id>${escapeXml(`${baseUrl}/${path}`)}</id><title type="text">${escapeXml(queue.name)}</title><published>${created}</published><updated>${new Date(queue.updatedAtMs).toISOString()}</updated><content type="application/xml">${writeDescription(queue)}</content></entry>`
}

/** `nextUrl`: where the rest is. */
export function feed(title: string, entries: readonly string[], nextUrl: string | undefined): string {
  const links = nextUrl === undefined ? '' : `<link rel="self" href=""/><link rel="next" href="${escapeXml(nextUrl)}"/>`
  return `<feed xmlns="${atomNamespace}"><title type="text">${title}</title>${links}${entries.join('')}</feed>`
}

export function namespaceEntry(baseUrl: string, createdAtMs: number): string {
  const created = new Date(createdAtMs).toISOString()
  return `<entry xmlns="${atomNamespace}"><id>${baseUrl}/$namespaceinfo</id><title type="text">emulator</title><content type="application/xml"><NamespaceInfo xmlns="${serviceBusNamespace}"><CreatedTime>${created}</CreatedTime><MessagingSKU>Standard</MessagingSKU><ModifiedTime>${created}</ModifiedTime><Name>emulator</Name><NamespaceType>Messaging</NamespaceType></NamespaceInfo></content></entry>`
}

export const errorBody = (status: number, detail: string): string => `<Error><Code>${status}</Code><Detail>${escapeXml(detail)}</Detail></Error>`
