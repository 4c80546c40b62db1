package dev.baton.http2;

import dev.baton.reason.Reason;

/**
 * Why an HTTP/2 client's first bytes are refused. A fault in the framing ends the connection with
 * GOAWAY; a request that was understood is answered with a page on its stream.
 */
public enum Http2Problem {
  /** RFC 9113, section 3.4: SETTINGS, without ACK, is the first frame. */
  NO_SETTINGS(ErrorCode.PROTOCOL_ERROR, "The first frame is not SETTINGS."),
  /** RFC 9113, section 6.5.3: no settings of ours were sent yet. */
  SETTINGS_ACK(ErrorCode.PROTOCOL_ERROR, "SETTINGS are acknowledged that were never sent."),
  /** RFC 9113, section 6.5.2. */
  BAD_SETTING(ErrorCode.PROTOCOL_ERROR, "A setting is out of its range."),
  /** RFC 9113, section 6.5.2. */
  BAD_INITIAL_WINDOW(ErrorCode.FLOW_CONTROL_ERROR, "The initial window is too large."),
  /** RFC 9113, section 6.9. */
  WINDOW_UPDATE_OF_NOTHING(ErrorCode.PROTOCOL_ERROR, "A window grows by nothing."),
  /** RFC 9113, section 6.9.1. */
  WINDOW_OVERFLOW(ErrorCode.FLOW_CONTROL_ERROR, "The connection's window is too large."),
  /** RFC 9113, section 4.2. */
  BAD_FRAME_SIZE(ErrorCode.FRAME_SIZE_ERROR, "A frame's length does not fit its type."),
  /** RFC 9113, section 6: about the connection, or about a stream that was never opened. */
  WRONG_STREAM(ErrorCode.PROTOCOL_ERROR, "A frame is on a stream that it cannot be on."),
  /** RFC 9113, section 6. */
  UNEXPECTED_FRAME(ErrorCode.PROTOCOL_ERROR, "A frame is not allowed before the first request."),
  /** RFC 9113, section 6.10. */
  INTERRUPTED_HEADERS(ErrorCode.PROTOCOL_ERROR, "Header fields are not continued."),
  /** See {@link Http2Head#CONTINUATIONS_MAX}. */
  TOO_MANY_CONTINUATIONS(
      ErrorCode.ENHANCE_YOUR_CALM, Reason.HEAD_TOO_LARGE, "The header fields never end."),
  /** RFC 9113, section 6.2. */
  BAD_PADDING(ErrorCode.PROTOCOL_ERROR, "The padding is longer than its frame."),
  /** RFC 9113, section 4.3. */
  BAD_COMPRESSION(ErrorCode.COMPRESSION_ERROR, "The header fields cannot be decoded."),
  /** What precedes the request, or its compressed fields, are longer than the limit. */
  TOO_LARGE(ErrorCode.ENHANCE_YOUR_CALM, Reason.HEAD_TOO_LARGE, "The request head is too large."),
  /** The fields are longer than the limit once they are decoded. */
  FIELDS_TOO_LARGE(431, Reason.HEAD_TOO_LARGE, "The request head is too large."),
  /** RFC 9113, sections 8.2.1 and 8.3: names, values, order and number of fields. */
  MALFORMED(400, Reason.HEAD_MALFORMED, "The request's fields are not valid."),
  /** RFC 9113, section 8.2.2. */
  CONNECTION_FIELD(400, Reason.HEAD_MALFORMED, "A field is about the connection of HTTP/1."),
  /** RFC 9113, section 8.3.1: the field Host and :authority must not differ. */
  HOSTS_DIFFER(400, Reason.HEAD_MALFORMED, "The host is given twice and does not agree."),
  /** As in HTTP/1. */
  BAD_HOST(
      400, Reason.HEAD_MALFORMED, "The host is not a valid name or address with an optional port."),
  /** RFC 9113, section 8.3.1. */
  MISSING_HOST(400, Reason.NO_HOST, "The request does not name its host."),
  /** RFC 9113, section 8.5. */
  CONNECT_REFUSED(405, Reason.UNSUPPORTED_REQUEST, "This is no proxy: CONNECT is refused.");

  private final ErrorCode code;
  private final int status;
  private final Reason reason;
  private final String sentence;

  Http2Problem(ErrorCode code, String sentence) {
    this(code, Reason.HEAD_MALFORMED, sentence);
  }

  Http2Problem(ErrorCode code, Reason reason, String sentence) {
    this(code, 0, reason, sentence);
  }

  Http2Problem(int status, Reason reason, String sentence) {
    this(ErrorCode.NO_ERROR, status, reason, sentence);
  }

  Http2Problem(ErrorCode code, int status, Reason reason, String sentence) {
    this.code = code;
    this.status = status;
    this.reason = reason;
    this.sentence = sentence;
  }

  /** What GOAWAY says. */
  ErrorCode code() {
    return code;
  }

  /** The HTTP status to answer with; 0: none, the connection is at fault. */
  public int status() {
    return status;
  }

  /** What the refusal is counted as. */
  public Reason reason() {
    return reason;
  }

  /** What to tell the client, one sentence. */
  public String sentence() {
    return sentence;
  }
}
