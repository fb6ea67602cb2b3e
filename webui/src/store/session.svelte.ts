import { ApiError, type Client } from '../api/client'
import type { Link as Connection, Socket } from '../live/socket'
import { ServerWatch } from '../live/topics'
import type {
  Boot,
  Caps,
  Identity,
  Link,
  LogIn,
  Mood,
  Problem,
  Sign,
  User,
  WelcomeFrame,
} from '../wire/wire.gen'
import type { Shelf } from './preferences.svelte'

/** Code by which the socket is closed when the session has ended. */
const loggedOut = 4401
/** Codes by which somebody learns that they may not be here any more, from HTTP or the socket. */
const notAllowed: ReadonlySet<number> = new Set([401, 403, loggedOut, 4403])

/** Where this browser remembers that it came by a link, whose cookie no page can read. */
const guestKey = 'guest'

/** Who I am, what I may do, whom I am talking to, and whether I still am. */
export class Session {
  link = $state.raw<Connection>({ kind: 'connecting', online: true })
  identity = $state.raw<Identity | undefined>(undefined)
  identifier = $state('')
  host = $state('')
  user = $state.raw<User | undefined>(undefined)
  mood = $state<Mood>('RUNNING')
  /** By what this environment is told from others. */
  sign = $state.raw<Sign>({ label: '', colour: '' })
  problems = $state.raw<Problem[]>([])
  /** When the last frame came, by our clock, as of the loss of the connection; 0 before the first. */
  asOf = $state(0)
  /** The server is of another version than this page. */
  outdated = $state(false)
  /**
   * Why nobody is known who asks: they have yet to log in, or their session has
   * ended under a page that goes on showing what it knew; or they came by a link
   * that is over, or that they have left. Empty if somebody is known.
   */
  out = $state<'' | 'never' | 'ended' | 'over' | 'left'>('')
  /** The reader wants to look at the page that is left before they log in again. */
  later = $state(false)
  /** Called when somebody has come in, before the socket connects. */
  onin: () => void = () => {}
  /** Called when a link has come to its end: nothing that it showed may stay. */
  onover: () => void = () => {}
  private leaving = false

  constructor(
    private readonly socket: Socket,
    private readonly client: Client,
    private readonly boot: Partial<Boot>,
    /** Loads the page anew, where it is or at its beginning. */
    private readonly load: (where: 'here' | 'home') => void = () => {},
    private readonly shelf: Shelf = { get: () => null, set: () => {} },
  ) {
    this.identifier = boot.identifier ?? ''
    this.host = boot.host ?? ''
    if (boot.sign) this.sign = boot.sign
    if (boot.user) this.meet(boot.user)
    if (boot.user === null) this.out = shelf.get(guestKey) ? 'over' : 'never'
    client.onstranger = () => socket.refuse(loggedOut, '')
    socket.onlink = (link) => this.linked(link)
    socket.onwelcome = (welcome) => this.welcomed(welcome)
    socket.onrefused = () => void this.askWhy()
    new ServerWatch(socket, (frame) => {
      this.mood = frame.mood
      this.meet(frame.user)
      this.problems = frame.problems
    })
  }

  /** Whether what the page shows is the present. */
  get live(): boolean {
    return this.link.kind === 'live'
  }

  /** The version that this page is of; "" if nobody knows. */
  get version(): string {
    return this.boot.version ?? ''
  }

  /** Tries the connection at once. */
  retry(): void {
    this.socket.wake()
  }

  /** Whether a bit of CAPS is among what the user may do to supervisord itself. */
  may(cap: Caps): boolean {
    return ((this.user?.caps ?? 0) & cap) !== 0
  }

  /** Tells what the link allows by which the reader came; undefined for those who came otherwise. */
  get guest(): (() => Promise<Link | undefined>) | undefined {
    return this.user?.link ? async () => (await this.client.whoAmI()).link : undefined
  }

  /**
   * Logs in; throws what the server has against it. Whoever was here before goes
   * on where they were; somebody else must not find what the other one saw.
   */
  async logIn(who: LogIn): Promise<void> {
    const { user } = await this.client.logIn(who)
    if (this.user && this.user.name !== user.name) return this.load('here')
    this.meet(user)
    this.out = ''
    this.onin()
    this.socket.connect()
  }

  /** Ends this session, or all of this user's; then the page begins anew. */
  async logOut(everywhere: boolean): Promise<void> {
    await (everywhere ? this.client.logOutEverywhere() : this.client.logOut())
    this.load('home')
  }

  /** Gives up what a link allows, in this browser; throws what keeps the server from it. */
  async leave(): Promise<void> {
    this.leaving = true
    try {
      await this.client.logOut()
    } finally {
      this.leaving = false
    }
    this.shelf.set(guestKey, '')
    this.finish('left')
    this.socket.refuse(loggedOut, '')
  }

  /** Lets somebody whose link is over say who they are. */
  useAccount(): void {
    this.shelf.set(guestKey, '')
    this.out = 'never'
  }

  private meet(user: User): void {
    this.user = user
    if (!user.link !== !this.shelf.get(guestKey)) this.shelf.set(guestKey, user.link ? '1' : '')
  }

  private finish(how: 'over' | 'left'): void {
    this.out = how
    this.onover()
  }

  private linked(link: Connection): void {
    if (this.link.kind === 'live' && link.kind !== 'live') this.asOf = this.socket.lastFrame
    this.link = link
    if (link.kind !== 'closed' || this.out === 'left') return
    if (this.user?.link && notAllowed.has(link.code)) return this.finish(this.leaving ? 'left' : 'over')
    if (link.code === 401 || link.code === loggedOut) {
      this.later = false
      this.out = this.user ? 'ended' : 'never'
    }
  }

  private welcomed(welcome: WelcomeFrame): void {
    this.identifier = welcome.identifier
    this.meet(welcome.user)
    this.mood = 'RUNNING'
    this.outdated = !!this.boot.version && this.boot.version !== welcome.build
    void this.learn()
  }

  private async learn(): Promise<void> {
    try {
      this.identity = await this.client.identity()
      this.host = this.identity.host
      this.sign = this.identity.sign ?? this.sign // a server before an upgrade has none
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
