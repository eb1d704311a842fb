// The camera: looks for codes some times a second, until it is told to pause.

const PAUSE = 80;
const WANTED = {
  audio: false,
  video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
};

export class Camera {
  constructor(video, reader, onCodes) {
    this.video = video;
    this.reader = reader;
    this.onCodes = onCodes;
    this.stream = null;
    this.isLooking = false;
  }

  /** Begin to look; returns what keeps it from it: "camera-denied", "camera-none", or null. */
  async start() {
    if (this.isLooking) return null;
    try {
      this.stream = this.stream ?? (await navigator.mediaDevices.getUserMedia(WANTED));
    } catch (error) {
      return error.name === "NotAllowedError" ? "camera-denied" : "camera-none";
    }
    this.video.srcObject = this.stream;
    await this.video.play();
    this.isLooking = true;
    this.look();
    return null;
  }

  /** Stop looking; the camera stays on, so that the next pass is read at once. */
  pause() {
    this.isLooking = false;
  }

  /** Switch the camera off. */
  stop() {
    this.pause();
    this.stream?.getTracks().forEach((one) => one.stop());
    this.stream = null;
    this.video.srcObject = null;
  }

  async look() {
    while (this.isLooking) {
      if (this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        const found = await this.reader.read(this.video).catch(() => []);
        if (this.isLooking) await this.onCodes(found);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}
