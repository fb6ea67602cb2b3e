import type { Client } from '../api/client'
import { clearLogs } from '../api/logs'

/** Empties the logs of processes, one after the other; the first that fails ends it. */
export async function clearAll(client: Client, processes: readonly string[]): Promise<void> {
  for (const process of processes) await clearLogs(client, process)
}
