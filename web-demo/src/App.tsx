import { RoomAudioRenderer, RoomContext } from '@livekit/components-react';
import { Write } from './CardView';
import { Controls } from './Controls';
import { Conversation } from './Conversation';
import { Join } from './Join';
import { Plan } from './Plan';
import { Presence } from './Presence';
import { Recorded } from './Recorded';
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
        {call && (
          <div className="standing">
            <Recorded recorded={call.recorded} />
            <Presence call={call} />
          </div>
        )}
      </header>
      {call && call.plan.length > 0 && <Plan steps={call.plan} />}
      <main className="main">
        {call ? (
          <Write.Provider value={live ? write : null}>
            <Conversation call={call} />
          </Write.Provider>
        ) : (
          <Join trouble={trouble} onJoin={join} />
        )}
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
