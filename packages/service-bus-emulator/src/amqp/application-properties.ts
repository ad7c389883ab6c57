/** Sets application properties in an encoded message: the reason of a dead letter, what a client changes when it abandons or defers. The rest of the message stays as it is. */
import type { ContentEditor, MessageContent, PropertyChanges } from '../broker/message.js'
import { encodeCompound, encodeString, sectionHead } from './encode-value.js'
import { endOf, itemsOf, sectionAt, textAt } from './encoded-value.js'
import { sectionCode } from './parse-message.js'

export const contentEditor: ContentEditor = { withProperties }

function withProperties(content: MessageContent, changes: PropertyChanges): MessageContent {
  if (changes.size === 0) return content
  const bare = Buffer.from(content.bare.buffer, content.bare.byteOffset, content.bare.length)
  const start = afterProperties(bare)
  const has = start < bare.length && sectionAt(bare, start).code === sectionCode.applicationProperties
  const items = has ? unchangedItems(bare, sectionAt(bare, start).valueAt, changes) : []
  for (const [name, value] of changes) items.push(encodeString(name), typeof value === 'string' ? encodeString(value) : value)
  const section = Buffer.concat([sectionHead(sectionCode.applicationProperties), encodeCompound(0xd1, items.length, items)])
  return { ...content, bare: Buffer.concat([bare.subarray(0, start), section, bare.subarray(has ? endOf(bare, start) : start)]) }
}

function afterProperties(bare: Buffer): number {
  return bare.length > 0 && sectionAt(bare, 0).code === sectionCode.properties ? endOf(bare, 0) : 0
}

function unchangedItems(bare: Buffer, mapAt: number, changes: PropertyChanges): Uint8Array[] {
  const starts = itemsOf(bare, mapAt)
  const items: Uint8Array[] = []
  for (let index = 0; index + 2 < starts.length; index += 2) {
    if (changes.has(textAt(bare, starts[index]!) ?? '')) continue
    items.push(bare.subarray(starts[index], starts[index + 1]), bare.subarray(starts[index + 1], starts[index + 2]))
  }
  return items
}
