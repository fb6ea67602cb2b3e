import type { Client } from '../api/client'
import { type LogName, logFiles, logPath } from '../api/logs'
import type { LogFiles } from '../wire/wire.gen'

/** Where a log is kept, and the files it consists of. */
export function placeOf(client: Client, name: LogName): Promise<LogFiles> {
  return logFiles(client, name)
}

/** From where to where a log goes that consists of such files. */
export function extentOf({ files }: LogFiles): { oldest: number; newest: number } {
  return { oldest: files[0]?.off ?? 0, newest: files.at(-1)?.end ?? 0 }
}

/** Some bytes of a log, as they are in its files. */
export async function readBytes(
  client: Client,
  name: LogName,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const response = await client.open(`${logPath(name)}/raw?from=${from}&to=${to}`, signal)
  return new Uint8Array(await response.arrayBuffer())
}
