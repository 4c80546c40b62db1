package dev.baton.http2;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Builds the bytes of an HTTP/2 client, right and wrong ones. */
final class Frames {
  static final int END_STREAM = 1;
  static final int ACK = 1;
  static final int END_HEADERS = 4;
  static final int PADDED = 8;
  static final int PRIORITY = 0x20;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** The preface, and nothing else. */
  static Frames preface() {
    Frames frames = new Frames();
    frames.out.writeBytes(Http2Head.PREFACE.getBytes(StandardCharsets.US_ASCII));
    return frames;
  }

  /** The preface and empty SETTINGS. */
  static Frames client() {
    return preface().frame(FrameType.SETTINGS, 0, 0);
  }

  Frames frame(int type, int flags, int stream, int... payload) {
    return frame(type, flags, stream, bytes(payload));
  }

  Frames frame(int type, int flags, int stream, byte[] payload) {
    return header(payload.length, type, flags, stream).raw(payload);
  }

  Frames header(int length, int type, int flags, int stream) {
    return raw(bytes(length >> 16, length >> 8, length, type, flags))
        .raw(bytes(stream >> 24, stream >> 16, stream >> 8, stream));
  }

  /** HEADERS that are whole. */
  Frames request(byte[] block) {
    return frame(FrameType.HEADERS, END_HEADERS | END_STREAM, 1, block);
  }

  Frames raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /** GET of / over http, and these fields: names and values in turn. */
  static byte[] get(String... fields) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.writeBytes(bytes(0x82, 0x86, 0x84)); // indexed: :method GET, :scheme http, :path /
    block.writeBytes(fields(fields));
    return block.toByteArray();
  }

  /** Literals that are not indexed. */
  static byte[] fields(String... fields) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    for (int i = 0; i < fields.length; i += 2) {
      block.write(0);
      string(block, fields[i]);
      string(block, fields[i + 1]);
    }
    return block.toByteArray();
  }

  private static void string(ByteArrayOutputStream block, String text) {
    byte[] raw = text.getBytes(StandardCharsets.ISO_8859_1);
    int length = raw.length;
    if (length < 127) {
      block.write(length);
    } else {
      block.write(127);
      int rest = length - 127;
      for (; rest >= 128; rest /= 128) {
        block.write(rest % 128 + 128);
      }
      block.write(rest);
    }
    block.writeBytes(raw);
  }
}
