import { RoomAudioRenderer, RoomContext } from '@livekit/components-react';
import { useEffect, useState } from 'react';
import { Announcer } from './Announcer';
import { PressOn } from './CardView';
import { Controls } from './Controls';
import type { Site } from './embedded';
import { Figures, ShowsFigures } from './Figures';
import { Join } from './Join';
import { inviteTo, type Token } from './token';
import { LanguageSwitch } from './LanguageSwitch';
import { endingInWords } from './notes';
import { Plan } from './Plan';
import { Presence } from './Presence';
import { Recorded } from './Recorded';
import { Team } from './Team';
import { Timeline } from './Timeline';
import { useCall } from './useCall';
import { useDropped } from './useDropped';
import { useNews } from './useNews';
import { useWide } from './useWide';
import { keepLanguage, Speaks, WORDS, type Language } from './words';

interface Props {
  token: Token;
  site: Site | null;
  language: Language;
  figures: boolean;
}

export function App({ token, site, language: first, figures }: Props) {
  const [language, setLanguage] = useState(first);
  const { call, room, trouble, join, leave, write, show, press, muteAgent, replies } = useCall(token);
  useNews(site, call);
  const wide = useWide();
  const live = room !== null && call !== null && call.status !== 'ended';
  const over = useDropped(live ? show : null);
  const words = WORDS[language];
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);

  return (
    <Speaks.Provider value={language}>
      <ShowsFigures.Provider value={figures}>
        <div className={call ? 'page called' : 'page'}>
          <header className="bar">
            <span className="brand">
              <span className="mark" aria-hidden="true" />
              <span className="word">Baton</span>
            </span>
            <div className="standing">
              {call && <Recorded recorded={call.recorded} />}
              {call && <Presence call={call} />}
              <LanguageSwitch
                language={language}
                onChoose={(chosen) => {
                  keepLanguage(chosen);
                  setLanguage(chosen);
                }}
              />
            </div>
          </header>
          {call && (
            <aside className="side">
              <Team call={call} />
              {call.plan.length > 0 && <Plan steps={call.plan} open={wide} />}
              {figures && <Figures call={call} />}
            </aside>
          )}
          <main className="main">
            {call && (
              <PressOn.Provider value={live ? press : null}>
                <Timeline call={call} />
                <Announcer call={call} />
              </PressOn.Provider>
            )}
            {!call && <Join trouble={trouble} onJoin={join} />}
            {call?.status === 'ended' && <Join trouble={trouble} ended={endingInWords(call.ending, words)} onJoin={join} />}
          </main>
          {live && (
            <RoomContext.Provider value={room}>
              <RoomAudioRenderer muted={replies.text} />
              <Controls
                sees={call.sees}
                onWrite={write}
                onShow={show}
                onLeave={leave}
                muted={call.muted}
                onMuteAgent={muteAgent}
                invite={call.open && !site ? inviteTo(room.name, location.href) : ''}
                replies={replies}
              />
            </RoomContext.Provider>
          )}
          {over && <div className="drop">{words.dropHere}</div>}
        </div>
      </ShowsFigures.Provider>
    </Speaks.Provider>
  );
}
