package dev.baton.http2;

/** RFC 9113, section 6. */
final class FrameType {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PUSH_PROMISE = 5;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;

  /** Bytes of a frame's length, type, flags and stream. */
  static final int HEADER = 9;

  /** SETTINGS_MAX_FRAME_SIZE, which nobody has told the client to be another. */
  static final int MAX = 16_384;

  private FrameType() {}
}
