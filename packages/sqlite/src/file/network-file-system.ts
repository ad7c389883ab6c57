/** File systems on which the locks of SQLite do not work between machines. What can be told is told; the list cannot be complete. */
import { statfsSync } from 'node:fs'

/** `f_type` of statfs on Linux, as in the kernel's magic.h. */
const linuxTypes: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x517b, 'SMB'],
  [0x564c, 'NCP'],
  [0x5346414f, 'AFS'],
  [0x73757245, 'Coda'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
])

/** Name of the network file system of a Linux `f_type`. */
export function networkFileSystem(type: number): string | undefined {
  return linuxTypes.get(type >>> 0)
}

/** Of an existing folder; undefined where it is local or cannot be told. */
export function networkFileSystemOf(folder: string, platform: NodeJS.Platform = process.platform): string | undefined {
  if (platform === 'win32') return folder.startsWith('\\\\') ? 'a network share' : undefined
  if (platform !== 'linux') return undefined
  try {
    return networkFileSystem(statfsSync(folder).type)
  } catch {
    return undefined
  }
}
