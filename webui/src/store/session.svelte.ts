import { ApiError, type Client } from '../api/client'
import type { Link, Socket } from '../live/socket'
import { ServerWatch } from '../live/topics'
import type { Boot, Identity, Mood, User, WelcomeFrame } from '../wire/wire.gen'

/** Who I am, what I may do, whom I am talking to, and whether I still am. */
export class Session {
  link = $state.raw<Link>({ kind: 'connecting' })
  identity = $state.raw<Identity | undefined>(undefined)
  identifier = $state('')
  host = $state('')
  user = $state.raw<User | undefined>(undefined)
  mood = $state<Mood>('RUNNING')
  problems = $state.raw<string[]>([])
  /** When the last frame came, by our clock, as of the loss of the connection; 0 before the first. */
  asOf = $state(0)
  /** The server is of another version than this page. */
  outdated = $state(false)

  constructor(
    private readonly socket: Socket,
    private readonly client: Client,
    private readonly boot: Partial<Boot>,
  ) {
    this.identifier = boot.identifier ?? ''
    this.host = boot.host ?? ''
    this.user = boot.user ?? undefined
    socket.onlink = (link) => this.linked(link)
    socket.onwelcome = (welcome) => this.welcomed(welcome)
    socket.onrefused = () => void this.askWhy()
    new ServerWatch(socket, (frame) => {
      this.mood = frame.mood
      this.user = frame.user
      this.problems = frame.problems
    })
  }

  /** Whether what the page shows is the present. */
  get live(): boolean {
    return this.link.kind === 'live'
  }

  /** Tries the connection at once. */
  retry(): void {
    this.socket.wake()
  }

  private linked(link: Link): void {
    if (this.link.kind === 'live' && link.kind !== 'live') this.asOf = this.socket.lastFrame
    this.link = link
  }

  private welcomed(welcome: WelcomeFrame): void {
    this.identifier = welcome.identifier
    this.user = welcome.user
    this.mood = 'RUNNING'
    this.outdated = this.boot.version !== undefined && this.boot.version !== welcome.build
    void this.learn()
  }

  private async learn(): Promise<void> {
    try {
      this.identity = await this.client.identity()
      this.host = this.identity.host
    } catch (error) {
      if (!(error instanceof ApiError)) throw error // the page does without; the next welcome asks again
    }
  }

  /** A browser is not told why a WebSocket was refused; a plain request is. */
  private async askWhy(): Promise<void> {
    try {
      await this.client.identity()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status === 401 || error.status === 403) this.socket.refuse(error.status, error.detail)
    }
  }
}
