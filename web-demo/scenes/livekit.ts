import {
  ParticipantKind,
  RemoteParticipant,
  Room as LiveRoom,
  RoomEvent,
  type ByteStreamHandler,
  type ByteStreamReader,
  type RoomOptions,
  type TextStreamHandler,
  type TextStreamReader,
} from 'livekit-client';

export * from 'livekit-client';

/** What comes from a room, as LiveKit tells of it. `data`: base64. */
export type Came =
  | { what: 'agent'; attributes: Record<string, string> }
  | { what: 'person'; identity: string; name: string }
  | { what: 'text'; from: string; topic: string; id: string; body: string }
  | { what: 'file'; id: string; mime: string; data: string }
  | { what: 'away'; seconds: number };

declare global {
  interface Window {
    /** Lets the page hear all this, in order; resolves when it has. */
    play: (all: Came[]) => Promise<void>;
  }
}

/** A room that no server is behind: what a scene tells comes by the handlers that the page has set for a real one. */
export class Room extends LiveRoom {
  private readonly texts = new Map<string, TextStreamHandler>();
  private readonly files = new Map<string, ByteStreamHandler>();

  constructor(options?: RoomOptions) {
    super(options);
    const me = this.localParticipant;
    me.identity = 'me';
    me.sendFile = (file) => Promise.resolve({ id: file.name });
    me.publishDtmf = () => Promise.resolve();
    me.setMicrophoneEnabled = () => Promise.resolve(undefined);
    Object.defineProperty(me, 'isMicrophoneEnabled', { value: true });
    this.connect = () => Promise.resolve();
    window.play = async (all) => {
      for (const came of all) {
        this.take(came);
        await new Promise((done) => setTimeout(done)); // whoever reads it has done so by then
      }
    };
  }

  override registerTextStreamHandler(topic: string, handler: TextStreamHandler): void {
    this.texts.set(topic, handler);
  }

  override registerByteStreamHandler(topic: string, handler: ByteStreamHandler): void {
    this.files.set(topic, handler);
  }

  private take(came: Came): void {
    switch (came.what) {
      case 'agent':
        this.enter('agent', 'agent', ParticipantKind.AGENT, came.attributes);
        break;
      case 'person':
        this.enter(came.identity, came.name, ParticipantKind.STANDARD, {});
        break;
      case 'text':
        this.texts.get(came.topic)?.(textOf(came), { identity: came.from });
        break;
      case 'file':
        this.files.get('baton.files')?.(bytesOf(came), { identity: 'agent' });
        break;
      case 'away': {
        const now = performance.now();
        performance.now = () => now; // it stands still, or each picture would tell another time
        this.emit(RoomEvent.Reconnecting);
        performance.now = () => now + came.seconds * 1000;
        break;
      }
      default:
        came satisfies never;
    }
  }

  private enter(identity: string, name: string, kind: ParticipantKind, attributes: Record<string, string>): void {
    const participant = new RemoteParticipant(this.engine.client, `PA_${identity}`, identity, name, undefined, attributes, undefined, kind);
    this.remoteParticipants.set(identity, participant);
    this.emit(RoomEvent.ParticipantConnected, participant);
  }
}

/** LiveKit's own readers want a connection; the page asks these two things of them. */
function textOf({ id, body }: Extract<Came, { what: 'text' }>): TextStreamReader {
  const reader = {
    info: { id, attributes: {} },
    readAll: () => Promise.resolve(body),
    async *[Symbol.asyncIterator]() {
      yield body;
    },
  };
  return reader as unknown as TextStreamReader;
}

function bytesOf({ id, mime, data }: Extract<Came, { what: 'file' }>): ByteStreamReader {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const reader = { info: { id, mimeType: mime, size: bytes.length }, readAll: () => Promise.resolve([bytes]) };
  return reader as unknown as ByteStreamReader;
}
