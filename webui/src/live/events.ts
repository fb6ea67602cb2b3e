import type { ActivityEntry, EventKind, HappenedFrame, ServerFrame, SubFrame } from '../wire/wire.gen'
import type { Handle, Socket, Watch } from './socket'

/** What of it is wanted; empty for all. */
export interface EventFilter {
  types: EventKind[]
  program: string
  user: string
}

export interface EventsListener {
  /** Something has happened, the oldest first. */
  happened(entries: ActivityEntry[]): void
  /** What happened before this moment is not all told here: whoever wants it must ask. */
  missed(): void
}

/**
 * What happens, to processes and by people. After a loss it goes on behind the last
 * frame it knows; where that cannot be, it says so.
 */
export class EventsWatch implements Watch {
  private epoch = ''
  private seq: number | undefined
  private readonly handle: Handle

  constructor(
    socket: Socket,
    private readonly filter: EventFilter,
    private readonly listener: EventsListener,
  ) {
    this.handle = socket.watch(this)
  }

  close(): void {
    this.handle.close()
  }

  request(): Omit<SubFrame, 't' | 'id'> {
    const { types, program, user } = this.filter
    return {
      topic: 'events',
      ...(types.length > 0 && { types }),
      ...(program && { program }),
      ...(user && { user }),
      ...(this.seq !== undefined && { from: { epoch: this.epoch, seq: this.seq } }),
    }
  }

  begun(): void {} // the first frame says where

  frame(frame: ServerFrame): void {
    if (frame.t === 'events') this.take(frame)
  }

  ended(): void {} // whoever may not know this asks for the activity, and is told

  private take(frame: HappenedFrame): void {
    const follows = frame.epoch === this.epoch && frame.prev === this.seq && !frame.missed
    this.epoch = frame.epoch
    this.seq = frame.seq
    if (!follows) this.listener.missed()
    if (frame.entries.length > 0) this.listener.happened(frame.entries)
  }
}
