package dev.baton.http2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Locale;

/** What a server says to a client whose connection it ends: frames, from its first one on. */
final class Http2Answer {
  private static final int WINDOW = 65_535;
  private static final int END_STREAM = 0x1;
  private static final int END_HEADERS = 0x4;
  private static final int ACK = 0x1;
  private static final int STATUS_INDEX = 8;
  private static final int PREFIX = 0x7f;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream(512);

  private Http2Answer() {}

  /** The connection is at an end; no request was taken, so the client may try them elsewhere. */
  static byte[] goAway(ErrorCode code, String detail) {
    Http2Answer answer = new Http2Answer();
    answer.frame(FrameType.SETTINGS, 0, 0, new byte[0]);
    answer.goAway(0, code, detail);
    return answer.out.toByteArray();
  }

  /**
   * A page in answer to a request, and the connection's end.
   *
   * @param page a complete HTTP/1.1 response, whose fields are told in HTTP/2
   * @param ended whether the request was whole, so that the client need not stop sending it
   * @param window bytes of DATA that the client takes; a page with a longer body is sent without
   */
  static byte[] page(int stream, byte[] page, boolean ended, int window) {
    String text = new String(page, ISO_8859_1);
    int headEnd = text.indexOf("\r\n\r\n");
    int bodyAt = headEnd + 4;
    int length = page.length - bodyAt;
    boolean sendBody = length > 0 && length <= Math.min(window, WINDOW);
    Http2Answer answer = new Http2Answer();
    answer.frame(FrameType.SETTINGS, 0, 0, new byte[0]);
    answer.frame(FrameType.SETTINGS, ACK, 0, new byte[0]);
    answer.frame(
        FrameType.HEADERS,
        END_HEADERS | (sendBody ? 0 : END_STREAM),
        stream,
        fields(text.substring(0, headEnd)));
    for (int at = bodyAt; sendBody && at < page.length; at += FrameType.MAX) {
      int end = Math.min(page.length, at + FrameType.MAX);
      answer.frame(
          FrameType.DATA,
          end == page.length ? END_STREAM : 0,
          stream,
          Arrays.copyOfRange(page, at, end));
    }
    if (!ended) {
      // RFC 9113, section 8.1: the rest of the request is not needed.
      answer.frame(FrameType.RST_STREAM, 0, stream, int32(ErrorCode.NO_ERROR.code()));
    }
    answer.goAway(stream, ErrorCode.NO_ERROR, "");
    return answer.out.toByteArray();
  }

  /** The request on this stream is not answered, for a reason that is the connection's as well. */
  static byte[] refused(int stream, ErrorCode code, String detail) {
    Http2Answer answer = new Http2Answer();
    answer.frame(FrameType.SETTINGS, 0, 0, new byte[0]);
    answer.frame(FrameType.SETTINGS, ACK, 0, new byte[0]);
    answer.frame(FrameType.RST_STREAM, 0, stream, int32(code.code()));
    answer.goAway(stream, code, detail);
    return answer.out.toByteArray();
  }

  private void goAway(int lastStream, ErrorCode code, String detail) {
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    payload.writeBytes(int32(lastStream));
    payload.writeBytes(int32(code.code()));
    payload.writeBytes(detail.getBytes(US_ASCII));
    frame(FrameType.GOAWAY, 0, 0, payload.toByteArray());
  }

  private void frame(int type, int flags, int stream, byte[] payload) {
    out.write(payload.length >> 16);
    out.write(payload.length >> 8);
    out.write(payload.length);
    out.write(type);
    out.write(flags);
    out.writeBytes(int32(stream));
    out.writeBytes(payload);
  }

  private static byte[] int32(int value) {
    return new byte[] {
      (byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value
    };
  }

  /** HPACK without Huffman or table: literals that are not indexed (RFC 7541, section 6.2.2). */
  private static byte[] fields(String head) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    String[] lines = head.split("\r\n", -1);
    block.write(STATUS_INDEX);
    string(block, lines[0].split(" ", 3)[1]);
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      String name = lines[i].substring(0, colon).toLowerCase(Locale.ROOT);
      if (!name.equals("connection")) {
        block.write(0);
        string(block, name);
        string(block, lines[i].substring(colon + 1).strip());
      }
    }
    return block.toByteArray();
  }

  /** RFC 7541, sections 5.1 and 5.2. */
  private static void string(ByteArrayOutputStream block, String text) {
    int length = text.length();
    if (length < PREFIX) {
      block.write(length);
    } else {
      block.write(PREFIX);
      int rest = length - PREFIX;
      for (; rest >= 0x80; rest >>= 7) {
        block.write((rest & 0x7f) | 0x80);
      }
      block.write(rest);
    }
    block.writeBytes(text.getBytes(ISO_8859_1));
  }
}
