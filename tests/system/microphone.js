// A microphone that says what it is given when it is told to: recorded speech, PCM16 mono at 24 kHz. A recording that
// Chromium plays by itself goes by the clock, and speaks into whatever takes longer than usual.
{
  const rate = 24_000;
  const context = new AudioContext({ sampleRate: rate });
  const microphone = context.createMediaStreamDestination();
  navigator.mediaDevices.getUserMedia = async () => microphone.stream.clone();

  window.speak = (base64) =>
    new Promise((resolve) => {
      const pcm = new Int16Array(Uint8Array.from(atob(base64), (one) => one.charCodeAt(0)).buffer);
      const buffer = context.createBuffer(1, pcm.length, rate);
      buffer.copyToChannel(Float32Array.from(pcm, (sample) => sample / 32768), 0);
      const speech = new AudioBufferSourceNode(context, { buffer });
      speech.connect(microphone);
      speech.onended = resolve;
      speech.start();
    });
}
