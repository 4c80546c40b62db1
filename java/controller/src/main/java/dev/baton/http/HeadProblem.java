package dev.baton.http;

import dev.baton.reason.Reason;

/**
 * Why a request head is refused: one sentence for the client, and the status that says so. What two
 * readers of the same bytes could understand differently is always refused, for the target reads
 * the head again.
 */
public enum HeadProblem {
  /** RFC 9112, section 3; an HTTP/0.9 request is one too. */
  BAD_REQUEST_LINE(400, "The request line is not METHOD TARGET VERSION."),
  /** RFC 9110, section 9.1: a method is a token. */
  BAD_METHOD(400, "The method is not a token."),
  /** RFC 9112, section 3.2. */
  BAD_TARGET(400, "The request target is none of the forms a server may be sent."),
  /** RFC 9112, section 2.3. */
  BAD_VERSION(400, "The version is not HTTP/ and two digits."),
  /** RFC 9110, section 2.5. */
  VERSION_NOT_SUPPORTED(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here."),
  /** RFC 9113, section 3.3. */
  HTTP2_PREFACE(505, "This is neither HTTP/1 nor the preface of HTTP/2."),
  /** RFC 9110, section 9.3.6. */
  CONNECT_REFUSED(405, "This is no proxy: CONNECT is refused."),
  /** RFC 9110, section 7.4: https named over a connection in clear text. */
  WRONG_SCHEME(421, "The target's scheme is not the one of this connection."),
  /** RFC 9112, section 3.2. */
  MISSING_HOST(400, "The Host field is missing."),
  /** RFC 9112, section 3.2. */
  REPEATED_HOST(400, "The Host field is given more than once."),
  /** RFC 9110, section 7.2; see {@link HostNames}. */
  BAD_HOST(400, "The host is not a valid name or address with an optional port."),
  /** RFC 9112, section 5.2; a first field line that begins with a space too (section 2.2). */
  OBS_FOLD(400, "A line begins with a space: folded fields are refused."),
  /** RFC 9112, section 5.1. */
  SPACE_BEFORE_COLON(400, "There is a space between a field's name and its colon."),
  /** RFC 9110, section 5.1: a field's name is a token, and a colon ends it. */
  BAD_FIELD_NAME(400, "A field's name is not a token that ends with a colon."),
  /** RFC 9110, section 5.5. */
  CONTROL_BYTE(400, "There is a control byte in the head."),
  /** RFC 9112, section 2.2. */
  BARE_CR(400, "There is a carriage return without a line feed."),
  /** RFC 9112, section 2.2; see {@link RequestHeadParser#BARE_LF_ENDS_A_LINE}. */
  BARE_LF(400, "There is a line feed without a carriage return."),
  /** RFC 9110, section 8.6. */
  BAD_CONTENT_LENGTH(400, "Content-Length is not a decimal number."),
  /** RFC 9112, section 6.3: the same number twice. */
  REPEATED_CONTENT_LENGTH(400, "Content-Length is given more than once."),
  /** RFC 9112, section 6.3: two different numbers. */
  CONFLICTING_CONTENT_LENGTH(400, "Content-Length is given twice and does not agree."),
  /** RFC 9112, section 6.1. */
  BAD_TRANSFER_ENCODING(400, "Transfer-Encoding does not end with chunked, once."),
  /** RFC 9112, section 6.1: other codings than chunked. */
  TRANSFER_ENCODING_NOT_SUPPORTED(501, "No transfer coding but chunked is known here."),
  /** RFC 9112, section 6.1: faulty framing. */
  TRANSFER_ENCODING_IN_HTTP10(400, "HTTP/1.0 knows no Transfer-Encoding."),
  /** RFC 9112, section 6.1: request smuggling. */
  TRANSFER_ENCODING_WITH_CONTENT_LENGTH(
      400, "Transfer-Encoding and Content-Length stand in one head."),
  /** RFC 6585, section 5. */
  HEAD_TOO_LARGE(431, "The request head is too large.");

  private final int status;
  private final String sentence;

  HeadProblem(int status, String sentence) {
    this.status = status;
    this.sentence = sentence;
  }

  /** The HTTP status to answer with. */
  public int status() {
    return status;
  }

  /** What the refusal is counted as. */
  public Reason reason() {
    return switch (this) {
      case HEAD_TOO_LARGE -> Reason.HEAD_TOO_LARGE;
      case MISSING_HOST -> Reason.NO_HOST;
      default -> status == 400 ? Reason.HEAD_MALFORMED : Reason.UNSUPPORTED_REQUEST;
    };
  }

  /** What to tell the client, one sentence. */
  public String sentence() {
    return sentence;
  }
}
