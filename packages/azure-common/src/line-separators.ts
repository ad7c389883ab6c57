/**
 * U+2028 and U+2029 in the JSON of a request are written as escapes, which mean the same. JSON allows both, but the emulator's reader of transactions takes them for the ends of lines and refuses the request,
 * and with it every further attempt to commit. .NET's writer escapes them too.
 */
import type { TableServiceClientOptions } from '@azure/data-tables'

const separators = /[\u2028\u2029]/g

type Policy = NonNullable<TableServiceClientOptions['additionalPolicies']>[number]['policy']

export const escapeLineSeparators: Policy = {
  name: 'dtfxEscapeLineSeparators',
  sendRequest(request, next) {
    if (typeof request.body === 'string') request.body = request.body.replace(separators, (char) => `\\u${char.charCodeAt(0).toString(16)}`)
    return next(request)
  },
}
