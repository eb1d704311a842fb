// What a light sounds like, and its word spoken where the device has a voice for the language.

// Pitch in hertz, beginning and length in seconds: two rising tones, two equal ones, one low buzz.
const TONES = {
  green: [[660, 0, 0.12], [880, 0.14, 0.2]],
  amber: [[440, 0, 0.12], [440, 0.2, 0.12]],
  red: [[160, 0, 0.5]],
};
const LOUDNESS = 0.2;
let sounds = null;

/** Let this page sound: browsers want a touch for it. */
export function wakeSounds() {
  try {
    sounds = sounds || new AudioContext();
    sounds.resume();
  } catch (error) {
    sounds = null;
  }
}

export function sound(light) {
  if (!sounds) return;
  for (const [pitch, begins, length] of TONES[light]) {
    const tone = sounds.createOscillator();
    const volume = sounds.createGain();
    tone.type = light === "red" ? "square" : "sine";
    tone.frequency.value = pitch;
    volume.gain.value = LOUDNESS;
    tone.connect(volume).connect(sounds.destination);
    tone.start(sounds.currentTime + begins);
    tone.stop(sounds.currentTime + begins + length);
  }
}

/** Speak a word; a Khmer word in an English voice would be noise. */
export function speak(text, language) {
  const speech = globalThis.speechSynthesis;
  if (!speech) return;
  const voice = speech.getVoices().find((one) => one.lang.toLowerCase().startsWith(language));
  if (!voice) return;
  const spoken = new SpeechSynthesisUtterance(text);
  spoken.voice = voice;
  spoken.lang = voice.lang;
  speech.cancel();
  speech.speak(spoken);
}
