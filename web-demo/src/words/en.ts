/** All that the page says, in English. Another language is another object of this type. */
export const en = {
  language: 'English',
  title: 'Talk to the team',
  lead: 'Press call and simply speak. Whoever can help you best takes over in mid-conversation.',
  yourName: 'Your name',
  optional: '(optional)',
  microphone: 'Microphone',
  call: 'Call',
  callAgain: 'Call again',
  calling: 'Calling…',
  ring: 'Somebody will be with you in a moment.',

  joining: 'Connecting',
  waiting: 'Ringing',
  ended: 'Call ended',
  reconnecting: (seconds: number) => (seconds < 1 ? 'Connection lost, reconnecting' : `Connection lost, reconnecting for ${seconds} s`),
  initializing: 'Connecting',
  listening: 'Listening',
  thinking: 'Thinking',
  speaking: 'Speaking',
  recorded: 'Being recorded',

  conversation: 'Conversation',
  latest: 'Latest',
  you: 'You',
  typed: 'typed',
  dialled: 'dialled',
  interrupted: 'interrupted',
  waited: 'From the end of your turn to the first sound',
  cost: 'What this turn cost',
  handedOver: (from: string, to: string) => `${from} → ${to}`,
  handedOverAloud: (from: string, to: string) => `${from} has put you through to ${to}.`,
  notHandedOver: (to: string) => `${to} could not take the call`,
  toolRuns: 'looking',
  toolFailed: 'not possible',
  stepDone: 'step done',
  yourChoice: 'Your choice',

  nobodyYet: 'Nobody has answered yet. You keep your place; it is tried again by itself.',
  agentGone: 'The agent is gone. Another one is being found.',
  resumed: (seconds: string) => `For about ${seconds} s nobody could hear you. The call goes on from there.`,
  lineLost: 'The line to the model is down. It is being restored.',
  unreachable: 'No model can be reached.',
  lineRestored: (seconds: string) => `The line is back after ${seconds} s.`,
  noReply: (reason: string) => `No reply came (${reason}).`,
  connectionBack: (seconds: string) => `You were away for ${seconds} s. What was said meanwhile may be missing here, and you may not have been heard.`,
  notSent: 'This did not get through. Try again when the connection is back.',
  heldBack: (guard: string) => `A sentence was held back (${guard.replaceAll('_', ' ')}).`,

  team: 'The team',
  hasTheCall: (who: string, others: string) => (others ? `${who} has the call. Also there: ${others}.` : `${who} has the call.`),
  wishes: 'What you asked for',
  settled: (done: number, all: number) => `${done} of ${all} settled`,
  openStep: 'later, with ',
  activeStep: 'now, with ',
  doneStep: 'done',
  droppedStep: 'dropped',
  figures: 'Figures',
  model: 'Model',
  usualWait: 'Usual wait',
  costSoFar: 'Cost so far',

  mute: 'Mute',
  unmute: 'Unmute',
  leave: 'Leave',
  message: 'Type a message',
  orType: 'Or type here',
  send: 'Send',
  addFile: 'Show a picture or file',
  photograph: 'Take a photo',
  camera: 'Camera',
  screen: 'Share your screen',
  cameraSeen: 'The team sees your camera',
  screenSeen: 'The team sees your screen',
  cameraRefused: 'The camera cannot be used. Allow it in the browser’s address bar, or close what else uses it.',
  keypad: 'Keypad',
  key: (key: string) => (key === '*' ? 'Star' : key === '#' ? 'Hash' : key),
  pressed: 'Pressed',
  close: 'Close',
  dropHere: 'Drop it to show it to the team',

  file: 'A file',
  sending: 'Sending',
  shown: 'Shown',
  looksAt: 'Being looked at',
  refused: 'Not shown',
  pages: (count: number) => (count === 1 ? '1 page' : `${count} pages`),
  tooLarge: 'It is larger than 20 MB. Show a smaller one.',
  notSendable: 'It could not be sent. Try again when the connection is back.',

  youLeft: 'You left the call.',
  connectionLost: 'The connection was lost.',

  away: ['The server is away.', 'Check that Baton is running, then try again.'],
  tooMany: ['Too many calls from here.', 'Wait a minute, then try again.'],
  notFromHere: ['This page may not call here.', 'Tell the people who run this site.'],
  noToken: ['You could not be let in.', 'Reload the page, then try again.'],
  odd: ['The front desk did not answer as it should.', 'Try again in a moment.'],
  insecure: ['This page may not use a microphone.', 'Open it by https, or on this machine as localhost.'],
  microphoneRefused: [
    'The microphone was refused.',
    'Allow it in the browser’s address bar (the lock or microphone sign), then call again.',
  ],
  noMicrophone: ['No microphone was found.', 'Plug one in, or choose another, then call again.'],
  microphoneBusy: ['The microphone is in use elsewhere.', 'Close the other program, then call again.'],
  notConnected: ['The call could not be connected.', 'The media server may be away. Try again in a moment.'],
} as const satisfies Record<string, Word>;

type Word = string | readonly [what: string, remedy: string] | ((...values: never[]) => string);

type Like<T> = T extends string
  ? string
  : T extends readonly unknown[]
    ? readonly [what: string, remedy: string]
    : T extends (...values: infer V) => string
      ? (...values: V) => string
      : never;

export type Words = { readonly [K in keyof typeof en]: Like<(typeof en)[K]> };
