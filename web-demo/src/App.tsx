import { RoomAudioRenderer, RoomContext } from '@livekit/components-react';
import { Controls } from './Controls';
import { Conversation } from './Conversation';
import { Join } from './Join';
import { Presence } from './Presence';
import { useCall } from './useCall';

export function App() {
  const { call, room, trouble, join, leave, write } = useCall();
  const live = call !== null && call.status !== 'ended';
  return (
    <div className="page">
      <header className="bar">
        <span className="brand">
          <span className="mark" aria-hidden="true" />
          Baton
        </span>
        {call && <Presence call={call} />}
      </header>
      <main className="main">
        {call ? <Conversation call={call} /> : <Join trouble={trouble} onJoin={join} />}
        {call?.status === 'ended' && <Join trouble={trouble} ended={call.endedBecause} onJoin={join} />}
      </main>
      {room && live && (
        <RoomContext.Provider value={room}>
          <RoomAudioRenderer />
          <Controls onWrite={write} onLeave={leave} />
        </RoomContext.Provider>
      )}
    </div>
  );
}
