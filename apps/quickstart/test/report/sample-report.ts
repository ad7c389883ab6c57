/** A report for the tests of the renderers, with names that try to break out of tables and markup. */
import { uncheckedFile, type FileReport, type RunReport } from '../../src/check-report.js'

export function fileReport(path: string, more: Partial<FileReport> = {}): FileReport {
  return { path, status: 'checked', bytes: 1_234, hash: '0123456789ab', words: 1_500, links: 3, external: 1, brokenCount: more.broken?.length ?? 0, broken: [], ...more }
}

export const sampleReport: RunReport = {
  title: 'docs',
  directories: [
    { directory: '.', files: [fileReport('README.md')] },
    {
      directory: 'a|b',
      files: [
        fileReport('a|b/<x> y.md', {
          broken: [
            { line: 7, target: 'no`pe|.md', reason: 'no such file' },
            { line: 9, target: '<script>alert(1)</script>', reason: "no heading '#x'" },
          ],
        }),
        uncheckedFile('a|b/bin.md', 'skipped', 'not a UTF-8 text', 99),
      ],
    },
  ],
}
