/** .NET ticks: 100 ns since the year 1, as a long. */

const ticksPerMs = 10_000n
const ticksUntil1970 = 621_355_968_000_000_000n

export function ticksOf(timeMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(BigInt(Math.floor(timeMs)) * ticksPerMs + ticksUntil1970)
  return bytes
}
