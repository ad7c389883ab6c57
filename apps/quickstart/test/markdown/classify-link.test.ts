import { describe, expect, it } from 'vitest'
import { classifyLink } from '../../src/markdown/classify-link.js'

const local = (path: string, anchor?: string, folder = false): unknown => ({ kind: 'local', path, folder, anchor })
const external = { kind: 'external' }
const invalid = (reason: string): unknown => ({ kind: 'invalid', reason })

describe('classifyLink, in docs/guide/start.md', () => {
  it.each([
    ['other.md', local('docs/guide/other.md')],
    ['./other.md', local('docs/guide/other.md')],
    ['../index.md#top', local('docs/index.md', 'top')],
    ['../../README.md', local('README.md')],
    ['/README.md', local('README.md')],
    ['/', local('.')],
    ['../..', local('.')],
    ['..', local('docs')],
    ['../', local('docs', undefined, true)],
    ['images/', local('docs/guide/images', undefined, true)],
    ['#setup', local('docs/guide/start.md', 'setup')],
    ['#', local('docs/guide/start.md', '')],
    ['?plain=1#L3', local('docs/guide/start.md', 'L3')],
    ['a.md?raw=true', local('docs/guide/a.md')],
    ['my%20file.md#%C3%BCber', local('docs/guide/my file.md', 'über')],
    ['my file.md', local('docs/guide/my file.md')],
    ['a%23b.md', local('docs/guide/a#b.md')],
    ['a.md#x#y', local('docs/guide/a.md', 'x#y')],
    ['https://example.com/x.md', external],
    ['HTTP://EXAMPLE.COM', external],
    ['//example.com/x', external],
    ['mailto:me@example.com', external],
    ['data:image/png;base64,AA==', external],
    ['../../../issues', external],
    ['../../../../wiki/Home', external],
    ['', invalid('the link has no target')],
    ['../../../secret.md', invalid('leads out of the checked folder and its repository')],
    ['/../x.md', invalid('leads out of the checked folder and its repository')],
    ['%zz.md', invalid('its %-encoding is not valid')],
    ['a.md#%zz', invalid('its %-encoding is not valid')],
    ['file:///etc/hosts', invalid('leads to a place on one machine')],
    ['C:\\docs\\a.md', invalid('leads to a place on one machine')],
  ])('%s', (target, expected) => {
    expect(classifyLink(target, 'docs/guide/start.md')).toEqual(expected)
  })
})
