import type { Client } from '../api/client'
import { clearLogs, clearMainLog } from '../api/logs'

/** Empties logs, one after the other: of processes by their names, and "mainlog". The first that fails ends it. */
export async function clearAll(client: Client, whose: readonly string[]): Promise<void> {
  for (const name of whose) await (name === 'mainlog' ? clearMainLog(client) : clearLogs(client, name))
}
